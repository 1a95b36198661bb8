// Reads files of mail beside the page: an mbox, single mails, or a ZIP of them. Bodies are skipped
// while the file is read, and at most a few megabytes are in memory. What goes to the server is
// written in batches (see cmr/mailbox/wire.py). The rules are those of mailbox_reader, in Python.
(() => {
  const BUFFER = 1 << 20; // bytes at first; a file comes in pieces of less
  const MOST_HEADER_BYTES = 262144, MOST_SEPARATOR_BYTES = 1000;
  const MOST_CHARACTERS = 8192, MOST_VALUES = 20;
  const MOST_WAITING = 3; // batches that the page has not sent yet
  const NEWLINE = 10, RETURN = 13, SPACE = 32, TAB = 9, COLON = 58;

  class Unreadable extends Error {
    constructor(code) {
      super(code);
      this.code = code;
    }
  }

  // -- The mails of a file ------------------------------------------------------------------------

  const SEPARATOR = /^From [^\r\n]*\d\d:\d\d[^\r\n]* (?:19|20)\d\d\b[^\r\n]*\r?\n$/;
  const FIRST_HEADER = /^[!-9;-~]{1,200}[ \t]*:/;
  // For the search for "\nFrom ": how far to go on from a byte at its last place.
  const SKIP = new Uint8Array(256).fill(6);
  [NEWLINE, 70, 114, 111, 109].forEach((byte, place) => { SKIP[byte] = 5 - place; });

  const ascii = (bytes, begin, end) => {
    let text = "";
    for (let at = begin; at < end; at += 1) text += String.fromCharCode(bytes[at]);
    return text;
  };

  // Takes a file in pieces, and calls `found` with the bytes of each mail's headers.
  class MailScanner {
    constructor(found) {
      this.found = found;
      this.buffer = new Uint8Array(BUFFER);
      this.at = 0;
      this.end = 0;
      this.isInHeaders = true;
      this.isMbox = null;
      this.isMail = false;
    }

    feed(piece) {
      this.append(piece);
      if (this.isMbox === null && !this.detectKind()) return;
      if (!this.isMail) this.at = this.end;
      while (this.isMail && (this.isInHeaders ? this.takeHeaders() : this.skipBody()));
    }

    close() {
      if (this.isMbox === null) this.feed(new Uint8Array([NEWLINE, NEWLINE]));
      const isBlank = !/[^\s]/.test(ascii(this.buffer, this.at, Math.min(this.end, this.at + 1000)));
      if (this.isInHeaders && this.isMail && !isBlank) this.report(this.at, this.end);
      this.at = this.end;
    }

    append(piece) {
      const left = this.end - this.at;
      if (left + piece.length > this.buffer.length) {
        const larger = new Uint8Array(2 * (left + piece.length));
        larger.set(this.buffer.subarray(this.at, this.end));
        this.buffer = larger;
      } else if (this.at > 0) {
        this.buffer.copyWithin(0, this.at, this.end);
      }
      this.buffer.set(piece, left);
      this.at = 0;
      this.end = left + piece.length;
    }

    detectKind() {
      const { buffer, end } = this;
      const blank = [0xef, 0xbb, 0xbf, RETURN, NEWLINE, TAB, SPACE];
      while (this.at < end && blank.includes(buffer[this.at])) this.at += 1;
      const first = ascii(buffer, this.at, Math.min(end, this.at + MOST_SEPARATOR_BYTES));
      if (first.length < MOST_SEPARATOR_BYTES && !first.includes("\n")) return false;
      this.isMbox = first.startsWith("From ");
      this.isMail = this.isMbox || FIRST_HEADER.test(first);
      return true;
    }

    takeHeaders() {
      const { buffer, end } = this;
      const longest = Math.min(end, this.at + MOST_HEADER_BYTES);
      let at = this.at;
      for (; at < longest; at += 1) {
        if (buffer[at] !== NEWLINE) continue;
        if (buffer[at + 1] === NEWLINE && at + 1 < end) return this.endHeaders(at, at + 1);
        if (buffer[at + 1] === RETURN && buffer[at + 2] === NEWLINE && at + 2 < end) return this.endHeaders(at, at + 2);
      }
      if (end - this.at <= MOST_HEADER_BYTES) return false;
      return this.endHeaders(at, at);
    }

    // The second line break of the blank line stays: the next mail may follow at once.
    endHeaders(stop, next) {
      this.report(this.at, this.buffer[stop - 1] === RETURN ? stop - 1 : stop);
      this.at = next;
      this.isInHeaders = false;
      return true;
    }

    report(begin, stop) {
      const { buffer } = this;
      let at = begin;
      if (ascii(buffer, at, Math.min(at + 5, stop)) === "From ") {
        while (at < stop && buffer[at] !== NEWLINE) at += 1;
        at += 1;
      }
      this.found(buffer, Math.min(at, stop), Math.min(stop, begin + MOST_HEADER_BYTES));
    }

    skipBody() {
      if (!this.isMbox) {
        this.at = this.end;
        return false;
      }
      let place = this.at - 1;
      while ((place = this.find(place + 1)) >= 0) {
        if (this.isCutOff(place)) {
          this.at = Math.max(place - 2, this.at);
          return false;
        }
        if (this.isSeparator(place)) {
          this.at = place + 1;
          this.isInHeaders = true;
          return true;
        }
      }
      this.at = Math.max(this.end - 8, this.at); // it may end within `\r\n\r\nFrom`
      return false;
    }

    // Find "\nFrom " (Horspool): of most bytes only every fifth is looked at.
    find(from) {
      const { buffer, end } = this;
      for (let at = from + 5; at < end;) {
        const byte = buffer[at];
        if (byte === SPACE && buffer[at - 1] === 109 && buffer[at - 2] === 111 && buffer[at - 3] === 114
            && buffer[at - 4] === 70 && buffer[at - 5] === NEWLINE) return at - 5;
        at += SKIP[byte];
      }
      return -1;
    }

    endOfLine(from) {
      const stop = Math.min(this.end, from + MOST_SEPARATOR_BYTES);
      return this.buffer.subarray(0, stop).indexOf(NEWLINE, from);
    }

    isCutOff(place) {
      return this.end - place < MOST_SEPARATOR_BYTES && this.endOfLine(place + 1) < 0;
    }

    // The line before must be blank: bodies contain lines that begin with `From `, too.
    isSeparator(place) {
      const { buffer } = this;
      const isAfterBlank = place === 0 || buffer[place - 1] === NEWLINE
        || (buffer[place - 1] === RETURN && buffer[place - 2] === NEWLINE);
      if (!isAfterBlank) return false;
      const stop = this.endOfLine(place + 1);
      return stop >= 0 && SEPARATOR.test(ascii(buffer, place + 1, stop + 1));
    }
  }

  // -- Headers ------------------------------------------------------------------------------------

  const WANTED = [
    "from", "sender", "reply-to", "to", "delivered-to", "date", "message-id", "list-id", "list-unsubscribe",
    "list-unsubscribe-post", "list-post", "precedence", "auto-submitted", "feedback-id", "dkim-signature",
    "x-original-from", "x-gmail-labels",
  ];
  const BY_FIRST = [];
  for (const name of WANTED) {
    const [lower, upper] = [name.charCodeAt(0), name.charCodeAt(0) - 32];
    BY_FIRST[lower] = BY_FIRST[upper] = [...(BY_FIRST[lower] || []), { name, bytes: [...name].map((each) => each.charCodeAt(0)) }];
  }
  const latin = new TextDecoder("latin1"); // is Windows-1252, so for ASCII alone
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const FOLD = /\r?\n[ \t]*/g;
  const NOT_ASCII = /[^\x00-\x7f]/;

  // Where the colon of the header that begins at a place is, and which one it is; null if unwanted.
  const matchName = (buffer, begin, stop) => {
    const named = BY_FIRST[buffer[begin]];
    if (named === undefined) return null;
    for (const { name, bytes } of named) {
      let at = 1;
      while (at < bytes.length) {
        const byte = buffer[begin + at];
        if ((byte >= 65 && byte <= 90 ? byte + 32 : byte) !== bytes[at]) break;
        at += 1;
      }
      if (at < bytes.length) continue;
      let colon = begin + at;
      while (buffer[colon] === SPACE || buffer[colon] === TAB) colon += 1;
      if (buffer[colon] === COLON && colon < stop) return { name, colon };
    }
    return null;
  };

  const endOfField = (buffer, begin, stop) => {
    let at = begin;
    while (at < stop && buffer[at] !== NEWLINE) at += 1;
    while (at + 1 < stop && (buffer[at + 1] === SPACE || buffer[at + 1] === TAB)) {
      at += 1;
      while (at < stop && buffer[at] !== NEWLINE) at += 1;
    }
    return at;
  };

  // Bytes that are not UTF-8 are read as Latin-1, because old mail contains both.
  const decodeBytes = (bytes) => {
    try {
      return utf8.decode(bytes);
    } catch {
      return ascii(bytes, 0, bytes.length);
    }
  };

  const readHeaders = (buffer, begin, stop) => {
    const headers = {};
    let text = null;
    for (let at = begin; at < stop;) {
      const found = matchName(buffer, at, stop);
      if (found === null) {
        while (at < stop && buffer[at] !== NEWLINE) at += 1;
        at += 1;
        continue;
      }
      const from = found.colon + 1;
      const end = endOfField(buffer, from, stop);
      at = end + 1;
      const values = headers[found.name] ??= [];
      if (values.length >= MOST_VALUES) continue;
      text ??= latin.decode(buffer.subarray(begin, stop));
      const last = Math.min(end, from + MOST_CHARACTERS);
      let value = text.slice(from - begin, last - begin);
      if (NOT_ASCII.test(value)) value = decodeBytes(buffer.subarray(from, last));
      if (value.includes("\0")) value = value.replaceAll("\0", "");
      values.push((value.includes("\n") ? value.replace(FOLD, " ") : value).trim());
    }
    return headers;
  };

  // -- Bulk mail, and what of it is sent ----------------------------------------------------------

  const BULK_HEADERS = ["list-id", "list-unsubscribe", "list-post", "feedback-id"];
  const BULK_PRECEDENCE = ["bulk", "list", "junk"];
  const POSTMASTERS = /(?:mailer-daemon|postmaster|double-bounce)@/i;
  const first = (headers, name) => (headers[name] ? headers[name][0] : "");
  const isGenerated = (headers) => first(headers, "auto-submitted").toLowerCase().startsWith("auto-generated");
  const labelsOf = (headers) => (headers["x-gmail-labels"]
    ? first(headers, "x-gmail-labels").toLowerCase().split(",").map((each) => each.replace(/^[ "]+|[ "]+$/g, "")) : []);

  const isBulk = (headers, labels) => {
    if (labels.includes("sent") || POSTMASTERS.test(first(headers, "from"))) return false;
    if (BULK_HEADERS.some((name) => headers[name])) return true;
    return BULK_PRECEDENCE.includes(first(headers, "precedence").toLowerCase()) || isGenerated(headers);
  };

  // No half of a character at the end: it would be no JSON.
  const cut = (text, most) => {
    if (text.length <= most) return text;
    const last = text.charCodeAt(most - 1);
    return text.slice(0, last >= 0xd800 && last < 0xdc00 ? most - 1 : most);
  };

  const domainOf = (text) => text.slice(text.lastIndexOf("@") + 1);

  // A mail to a group is written by another person: only the domain of the address is sent.
  const writeAuthors = (values, isGroup) => {
    if (!isGroup) return values.slice(0, 5).map((each) => cut(each, 4000));
    const domains = values.map((each) => /@([a-z0-9.-]+)/i.exec(each.replace(QUOTED, ""))).filter(Boolean);
    return domains.slice(0, 1).map((each) => `x@${each[1].toLowerCase()}`);
  };

  // What is no address: names in quotes, and comments.
  const QUOTED = /"(?:[^"\\]|\\.)*"|\((?:[^()\\]|\\.)*\)/g;

  const ONE_ADDRESS = /^[^@]*[^\s@<>(),:;"]@[a-z0-9][^\s@<>(),:;"]*>?\s*$/i;
  // Of a sender beside the author, only the domain counts.
  const writeHost = (value) => {
    const address = value.replace(/^[ <>]+|[ <>]+$/g, "");
    return cut(address.includes("@") ? `x@${domainOf(address)}` : address, 253);
  };

  const writePost = (value) => {
    const after = value.toLowerCase().split("mailto:")[1];
    if (after === undefined) return [];
    return [`<mailto:x@${cut(domainOf(after.split(">")[0].split("?")[0]), 253)}>`];
  };

  // The tags of a signature: its domain, and whether it covers what unsubscribes.
  const TAG = /(?:^|;)\s*([a-z]{1,3})\s*=\s*([^;]*)/g;
  const COVERED = ["list-unsubscribe", "list-unsubscribe-post"];
  const readSignature = (value) => {
    let domain = "", names = "";
    for (const [, tag, content] of value.matchAll(TAG)) {
      if (tag === "d") domain = content.trim().toLowerCase();
      if (tag === "h") names = content;
    }
    return { domain, covers: names.split(":").map((each) => each.trim().toLowerCase()) };
  };
  const writeSignature = ({ domain, covers }) => `d=${cut(domain, 253)}; h=${COVERED.filter((each) => covers.includes(each)).join(":")}`;

  // The links in angle brackets (RFC 2369), and what a header without brackets contains.
  const readLinks = (value) => {
    const links = [];
    let rest = value;
    for (;;) {
      rest = skipComments(rest);
      if (!rest.startsWith("<")) break;
      const stop = rest.indexOf(">");
      if (stop < 0) break;
      const link = rest.slice(1, stop).replace(/\s+/g, "");
      if (link) links.push(link);
      rest = skipComments(rest.slice(stop + 1));
      if (!rest.startsWith(",")) break;
      while (rest.startsWith(",")) rest = skipComments(rest.slice(1));
    }
    return links.length ? links : value.split(",").map((each) => each.trim());
  };
  const skipComments = (text) => text.replace(/^(?:\s+|\((?:[^()\\]|\\.)*\))+/, "");

  // Only scheme and host: the rest of such a link names the person, and could unsubscribe them.
  const HOST = /^(https?):\/\/(?:[^/?#]*@)?([a-z0-9._-]+)(?::\d*)?(?:[/?#]|$)/i;
  // Old list programs name their list in such addresses only (`mailbox_reader/lists.py`). Of these the
  // list's name is sent, without what says who the reader is.
  const NAME = "((?:(?!\\d{5})[^@\\s])+?)", AT = "@([^@\\s]+)", READER = "(?:[-+][^@\\s]*=[^@\\s]*)?";
  const LEAVING = [`leave-${NAME}-\\d+\\w?${AT}`, `${NAME}-(?:unsubscribe|unsub|leave|off|signoff)${READER}${AT}`]
    .map((each) => new RegExp(`^${each}$`, "i"));
  const OWNING = [`owner-${NAME}${AT}`, `${NAME}-(?:owner|admin|bounces?|request)${READER}${AT}`]
    .map((each) => new RegExp(`^${each}$`, "i"));
  const matchList = (address, patterns) => {
    for (const pattern of patterns) {
      const found = pattern.exec(address);
      if (found) return found.slice(1, 3).map((each) => each.toLowerCase());
    }
    return null;
  };
  const writeLink = (link) => {
    if (/^mailto:/i.test(link)) {
      const list = matchList(link.slice(7).split(/[?,\s]/)[0].slice(0, 200), LEAVING);
      return list ? `<mailto:${list[0]}-unsubscribe@${list[1]}>` : `<${link.slice(0, 7)}x>`;
    }
    const host = HOST.exec(link);
    if (host) return `<${host[1]}://${cut(host[2].toLowerCase(), 253)}/>`;
    return /^https?:\/\//i.test(link) ? `<${link.split(":")[0]}://invalid/>` : null;
  };
  const writeLinks = (value) => {
    const links = readLinks(value).map(writeLink).filter(Boolean);
    return [[...new Set(links)].slice(0, 10).join(", ") || "-"];
  };

  let receiptWords = new Set();
  const writeFeedback = (value) => (value.toLowerCase().match(/[a-zà-ÿ]+/g) || []).filter((each) => receiptWords.has(each));

  const describeKind = (headers, signatures, isGroup) => {
    const kind = {};
    const add = (name, values) => { if (values.length) kind[name] = values; };
    const hasAuthor = (headers.from || []).some((each) => ONE_ADDRESS.test(each.replace(QUOTED, "")));
    add("from", writeAuthors(headers.from || [], isGroup));
    if (headers.sender) add("sender", hasAuthor ? [writeSender(headers)] : writeAuthors(headers.sender, isGroup));
    if (headers["reply-to"] && !hasAuthor) add("reply-to", writeAuthors(headers["reply-to"], isGroup));
    if (headers["list-id"]) kind["list-id"] = [cut(headers["list-id"][0], 4000)];
    if (headers["list-post"]) add("list-post", writePost(headers["list-post"][0]));
    if (headers["list-unsubscribe"]) kind["list-unsubscribe"] = writeLinks(headers["list-unsubscribe"][0]);
    if (first(headers, "list-unsubscribe-post").toLowerCase() === "list-unsubscribe=one-click") kind["list-unsubscribe-post"] = ["List-Unsubscribe=One-Click"];
    if (headers.precedence) kind.precedence = [cut(headers.precedence[0].toLowerCase(), 20)];
    if (isGenerated(headers)) kind["auto-submitted"] = ["auto-generated"];
    if (headers["feedback-id"]) add("feedback-id", writeFeedback(headers["feedback-id"][0]).slice(0, 1));
    add("dkim-signature", signatures.map(writeSignature));
    if (headers["x-original-from"]) kind["x-original-from"] = ["-"];
    return kind;
  };

  // The person's own addresses: `Delivered-To`, and `To` if it names nobody else.
  const ADDRESS = /[^\s<>,;:"()]+@[^\s<>,;:"()]+/;
  const readDelivered = (headers) =>
    (headers["delivered-to"] || []).map((each) => each.replace(/^[ <>]+|[ <>]+$/g, "").toLowerCase()).filter((each) => each.length <= 320);
  const readTo = (headers) => {
    const named = first(headers, "to").replace(QUOTED, "");
    const address = named.split("@").length === 2 ? ADDRESS.exec(named) : null;
    return address && address[0].length <= 320 ? address[0].toLowerCase() : "";
  };

  // The domain only, but for a list's own address.
  const writeSender = (headers) => {
    const found = ADDRESS.exec(headers.sender[0].replace(QUOTED, ""));
    const address = found ? found[0].toLowerCase() : "";
    const list = matchList(address, OWNING);
    if (list) return `owner-${list[0]}@${list[1]}`;
    return address && address === readTo(headers) ? address : writeHost(headers.sender[0]);
  };

  // -- Signed header blocks: one of each list, the newest -----------------------------------------

  const MOST_BLOCK_BYTES = 49152, MOST_KEPT_BYTES = 33554432, MOST_SIGNED = 1000;
  // Beside the signed ones: those that say which sender the block is of.
  const NAMING = [
    "from", "sender", "list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "precedence",
    "auto-submitted", "feedback-id", "x-original-from", "dkim-signature",
  ];

  class SignedBlocks {
    constructor() {
      this.newest = new Map();
      this.kept = 0;
    }

    add(headers, signatures, buffer, begin, stop) {
      if (stop - begin > MOST_BLOCK_BYTES || !signatures.some((each) => each.covers.includes("list-unsubscribe"))) return;
      const list = first(headers, "list-id").toLowerCase() || domainOf(first(headers, "from").toLowerCase());
      const sent = Date.parse(first(headers, "date"));
      const at = sent <= Date.now() ? sent : 0;
      const before = this.newest.get(list);
      if (before && before.at > at) return;
      const kept = this.kept + stop - begin - (before ? before.block.length : 0);
      if (kept > MOST_KEPT_BYTES) return;
      this.kept = kept;
      this.newest.set(list, { at, block: buffer.slice(begin, stop), names: new Set(signatures.flatMap((each) => each.covers)) });
    }

    * write() {
      const newest = [...this.newest.values()].sort((one, other) => other.at - one.at).slice(0, MOST_SIGNED);
      for (const { block, names } of newest) yield btoa(ascii(...pickFields(block, names)));
    }
  }

  // The fields of a header block with these names, as they are, one after the other.
  const pickFields = (block, names) => {
    const picked = new Uint8Array(block.length + 1);
    let size = 0;
    for (let at = 0; at < block.length;) {
      const stop = Math.min(endOfField(block, at, block.length) + 1, block.length);
      const name = ascii(block, at, Math.min(stop, at + 200)).split(":")[0].trim().toLowerCase();
      if (names.has(name) || NAMING.includes(name)) {
        picked.set(block.subarray(at, stop), size);
        size += stop - at;
        if (picked[size - 1] !== NEWLINE) picked[size++] = NEWLINE;
      }
      at = stop;
    }
    return [picked, 0, size];
  };

  // -- Batches ------------------------------------------------------------------------------------

  const sizeOf = (text) => (NOT_ASCII.test(text) ? 3 * text.length : text.length) + 1;

  class Batches {
    constructor({ batchBytes, batchMails }) {
      this.batchBytes = batchBytes;
      this.batchMails = batchMails;
      this.number = 0;
      this.unsent = [];
      this.waiting = 0;
      this.begin();
    }

    begin() {
      this.read = 0;
      this.kinds = new Map();
      this.mails = [];
      this.signed = [];
      this.bytes = 0;
    }

    addMail(kind, rest) {
      const key = JSON.stringify(kind);
      let index = this.kinds.get(key);
      if (index === undefined) {
        index = this.kinds.size;
        this.kinds.set(key, index);
        this.bytes += sizeOf(key);
      }
      const mail = JSON.stringify([index, ...rest]);
      this.mails.push(mail);
      this.bytes += sizeOf(mail);
      if (this.mails.length >= this.batchMails || this.bytes > this.batchBytes) this.end();
    }

    addSigned(block) {
      this.signed.push(JSON.stringify(block));
      this.bytes += block.length + 3;
      if (this.signed.length >= 20 || this.bytes > this.batchBytes) this.end();
    }

    end() {
      if (!this.read && !this.mails.length && !this.signed.length) return;
      this.number += 1;
      const kinds = [...this.kinds.keys()].join(","), mails = this.mails.join(","), signed = this.signed.join(",");
      this.unsent.push(`{"number":${this.number},"read":${this.read},"kinds":[${kinds}],"mails":[${mails}],"signed":[${signed}]}`);
      this.begin();
    }

    // Hand the batches to the page, and wait while it has enough of them.
    async flush() {
      while (this.unsent.length) {
        if (this.waiting >= MOST_WAITING) await new Promise((resume) => { this.resume = resume; });
        else {
          this.waiting += 1;
          postMessage({ type: "batch", body: this.unsent.shift() });
        }
      }
    }

    confirm() {
      this.waiting -= 1;
      this.resume?.();
    }
  }

  // -- Files --------------------------------------------------------------------------------------

  const END_OF_DIRECTORY = 0x06054b50, END_OF_DIRECTORY_64 = 0x06064b50, LOCATOR_64 = 0x07064b50;
  const ENTRY = 0x02014b50, LOCAL_ENTRY = 0x04034b50;
  const MOST_EXPANSION = 100, FREE_BYTES = 50_000_000, MOST_DIRECTORY_BYTES = 67108864;
  const MAIL_NAME = /\.(?:mbox|eml|mbx)$/i;

  // A stream is read four times as fast as slices of the file.
  async function* readPieces(stream, translate) {
    const reader = stream.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read().catch((error) => { throw translate ? translate(error) : error; });
        if (done) return;
        yield value;
      }
    } finally {
      reader.cancel().catch(() => {}); // a ZIP that is refused is not unpacked further
    }
  }

  const inflate = (part) => readPieces(
    part.stream().pipeThrough(new DecompressionStream("deflate-raw")),
    (error) => (error instanceof TypeError ? new Unreadable("damaged") : error),
  );

  const viewOf = async (file, from, size) => new DataView(await file.slice(from, from + size).arrayBuffer());

  // Where the directory of a ZIP is, from the record at its end, which a comment may follow.
  const findDirectory = async (file) => {
    const from = Math.max(0, file.size - 65557);
    const view = await viewOf(file, from, 65557);
    for (let at = view.byteLength - 22; at >= 0; at -= 1) {
      if (view.getUint32(at, true) !== END_OF_DIRECTORY) continue;
      const found = { size: view.getUint32(at + 12, true), offset: view.getUint32(at + 16, true) };
      const isLarge = found.size === 0xffffffff || found.offset === 0xffffffff || view.getUint16(at + 10, true) === 0xffff;
      if (isLarge && at >= 20 && view.getUint32(at - 20, true) === LOCATOR_64) return findLargeDirectory(file, Number(view.getBigUint64(at - 12, true)));
      return found;
    }
    throw new Unreadable("truncated");
  };

  const findLargeDirectory = async (file, at) => {
    const view = await viewOf(file, at, 56);
    if (view.byteLength < 56 || view.getUint32(0, true) !== END_OF_DIRECTORY_64) throw new Unreadable("damaged");
    return { size: Number(view.getBigUint64(40, true)), offset: Number(view.getBigUint64(48, true)) };
  };

  // Sizes and places that need 64 bits are in the extra field, in this order, if they do not fit.
  const readLargeSizes = (view, from, stop, entry) => {
    for (let at = from; at + 4 <= stop;) {
      const [kind, size] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
      let place = at + 4;
      for (const name of kind === 1 ? ["unpacked", "packed", "offset"] : []) {
        if (entry[name] === 0xffffffff && place + 8 <= Math.min(stop, at + 4 + size)) {
          entry[name] = Number(view.getBigUint64(place, true));
          place += 8;
        }
      }
      at += 4 + size;
    }
    return entry;
  };

  async function* listEntries(file) {
    const { size, offset } = await findDirectory(file);
    if (size > MOST_DIRECTORY_BYTES || offset + size > file.size) throw new Unreadable("damaged");
    const view = await viewOf(file, offset, size);
    for (let at = 0; at + 46 <= view.byteLength && view.getUint32(at, true) === ENTRY;) {
      const [nameSize, extraSize, commentSize] = [28, 30, 32].map((each) => view.getUint16(at + each, true));
      const extra = at + 46 + nameSize, end = extra + extraSize;
      if (end > view.byteLength) throw new Unreadable("damaged");
      const name = new TextDecoder().decode(new Uint8Array(view.buffer, at + 46, nameSize));
      yield readLargeSizes(view, extra, end, {
        name, isEncrypted: Boolean(view.getUint16(at + 8, true) & 1), method: view.getUint16(at + 10, true),
        packed: view.getUint32(at + 20, true), unpacked: view.getUint32(at + 24, true), offset: view.getUint32(at + 42, true),
      });
      at = end + commentSize;
    }
  }

  const openEntry = async (file, entry) => {
    if (entry.isEncrypted || ![0, 8].includes(entry.method)) throw new Unreadable("unsupported");
    const view = await viewOf(file, entry.offset, 30);
    if (view.byteLength < 30 || view.getUint32(0, true) !== LOCAL_ENTRY) throw new Unreadable("damaged");
    const begin = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
    if (begin + entry.packed > file.size) throw new Unreadable("truncated");
    const part = file.slice(begin, begin + entry.packed);
    return entry.method === 8 ? inflate(part) : readPieces(part.stream());
  };

  class Reading {
    constructor(settings) {
      receiptWords = new Set(settings.words);
      this.batches = new Batches(settings);
      this.signed = new SignedBlocks();
      this.mails = 0;
      this.bulk = 0;
      this.bytes = 0;
      this.reported = 0;
    }

    async readAll(files) {
      for (const file of files) {
        const before = this.bytes, mails = this.mails;
        try {
          await this.readFile(file);
        } catch (error) {
          const code = error.code && error instanceof Unreadable ? error.code : error.name === "NotReadableError" || error.name === "NotFoundError" ? "gone" : "failed";
          postMessage({ type: "problem", name: file.name, code, detail: `${error}`, mails: this.mails - mails });
        }
        this.bytes = before + file.size;
      }
      this.batches.end();
      for (const block of this.signed.write()) this.batches.addSigned(block);
      this.batches.end();
      await this.batches.flush();
      this.progress(true);
      postMessage({ type: "done" });
    }

    async readFile(file) {
      const view = await viewOf(file, 0, 4);
      const isZip = view.byteLength === 4 && view.getUint32(0, true) === LOCAL_ENTRY;
      const isMail = isZip ? await this.readZip(file) : await this.scan(readPieces(file.stream()), (piece) => { this.bytes += piece.length; });
      if (!isMail) throw new Unreadable("no_mail");
    }

    async readZip(file) {
      let isMail = false, packed = 0, unpacked = 0;
      const before = this.bytes;
      for await (const entry of listEntries(file)) {
        if (!MAIL_NAME.test(entry.name)) continue;
        packed += entry.packed;
        if (packed > file.size) throw new Unreadable("damaged"); // entries that share their bytes
        const pieces = await openEntry(file, entry);
        const first = unpacked;
        isMail = await this.scan(pieces, (piece) => {
          unpacked += piece.length;
          if (unpacked > FREE_BYTES + MOST_EXPANSION * packed) throw new Unreadable("too_compressed");
          const share = entry.unpacked ? Math.min(1, (unpacked - first) / entry.unpacked) : 1;
          this.bytes = before + Math.min(file.size, packed - entry.packed + Math.round(entry.packed * share));
        }) || isMail;
        if (unpacked - first !== entry.unpacked) throw new Unreadable("damaged");
      }
      return isMail;
    }

    async scan(pieces, count) {
      const scanner = new MailScanner((...block) => this.addMail(...block));
      try {
        for await (const piece of pieces) {
          count(piece);
          scanner.feed(piece);
          this.progress();
          if (this.batches.unsent.length) await this.batches.flush();
        }
      } finally {
        scanner.close(); // what a damaged file begins with is kept
      }
      return scanner.isMail;
    }

    addMail(buffer, begin, stop) {
      this.mails += 1;
      this.batches.read += 1;
      const headers = readHeaders(buffer, begin, stop);
      const labels = labelsOf(headers);
      if (!isBulk(headers, labels)) return;
      this.bulk += 1;
      const signatures = (headers["dkim-signature"] || []).map(readSignature);
      const isGroup = first(headers, "list-post").toLowerCase().includes("mailto:") || Boolean(headers["x-original-from"]);
      const isJunk = labels.includes("spam") || labels.includes("junk");
      if (!isGroup) this.signed.add(headers, signatures, buffer, begin, stop);
      this.batches.addMail(describeKind(headers, signatures, isGroup), [
        cut(first(headers, "message-id"), 998), cut(first(headers, "date"), 200), isGroup ? [] : readDelivered(headers), isGroup ? "" : readTo(headers), isJunk ? 1 : 0,
      ]);
    }

    progress(always = false) {
      if (!always && Date.now() - this.reported < 200) return;
      this.reported = Date.now();
      postMessage({ type: "progress", bytes: this.bytes, mails: this.mails, bulk: this.bulk });
    }
  }

  let reading = null;
  addEventListener("message", ({ data }) => {
    if (data.type === "start") {
      reading = new Reading(data.settings);
      reading.readAll(data.files);
    }
    if (data.type === "sent") reading.batches.confirm();
  });
})();
