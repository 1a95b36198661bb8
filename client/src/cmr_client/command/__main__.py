from cmr_client.command import main

main()
