"""`make hostile`: the table of forms, and how many connections were made."""

import django

if __name__ == "__main__":
    django.setup()
    from tests.hostile.forms import main

    main()
