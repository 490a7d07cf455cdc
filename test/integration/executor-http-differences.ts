/** Where the executor does something else than wasmtime, on purpose. */
export interface Difference {
  readonly reason: string;
  /** The lines of its answer that wasmtime's has not. */
  readonly executor: readonly string[];
  /** The other way round. */
  readonly wasmtime: readonly string[];
}

/** By the case; those with another server have a `@`. */
export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "fields-delete": {
    reason:
      "Fields keep the order in which they were set, which is that of the message; http's map puts those of a name together",
    executor: ['"x-c" Ok(()) [x-a=1, x-b=2, x-a=3]', '"a b" Err(HeaderError::InvalidSyntax) [x-a=1, x-b=2, x-a=3]'],
    wasmtime: ['"x-c" Ok(()) [x-a=1, x-a=3, x-b=2]', '"a b" Err(HeaderError::InvalidSyntax) [x-a=1, x-a=3, x-b=2]'],
  },
  "fields-order": {
    reason:
      "Fields keep the order in which they were set, which is that of the message; http's map puts those of a name together",
    executor: ["[x-b=1, x-a=2, x-b=3]"],
    wasmtime: ["[x-b=1, x-b=3, x-a=2]"],
  },
  "fields-length": {
    reason: "A second length could only contradict the first, and who receives both may take either",
    executor: [
      "Err(HeaderError::InvalidSyntax) [content-length=5]",
      "Err(HeaderError::InvalidSyntax) [content-length=5]",
      "Err(HeaderError::InvalidSyntax) [content-length=5]",
      "Err(HeaderError::InvalidSyntax) [content-length=5]",
    ],
    wasmtime: [
      "Ok(()) [content-length=5, content-length=6]",
      "Err(HeaderError::InvalidSyntax) [content-length=5, content-length=6]",
      "Err(HeaderError::InvalidSyntax) [content-length=5, content-length=6]",
      "Err(HeaderError::InvalidSyntax) [content-length=5, content-length=6]",
    ],
  },
  "fields-immutable-names": {
    reason: "WIT: what is immutable fails with `immutable`; a fault of the name is no reason to say less",
    executor: [],
    wasmtime: [
      "Err(HeaderError::InvalidSyntax) Err(HeaderError::InvalidSyntax) Err(HeaderError::InvalidSyntax)",
      "Err(HeaderError::Forbidden) Err(HeaderError::Forbidden) Err(HeaderError::Forbidden)",
    ],
  },
  "outgoing-request-paths": {
    reason: "Browsers and servers take such characters, and the client sends them as they are",
    executor: ['"/\\"<>" Ok(()) Some("/\\"<>")'],
    wasmtime: ['"/\\"<>" Err(()) Some("/%zz")'],
  },
  "outgoing-request-schemes": {
    reason: "RFC 3986, 3.1: a scheme begins with a letter",
    executor: [
      'Scheme::Other("") Err(()) Some(Scheme::Other("HTTP"))',
      'Scheme::Other("1a") Err(()) Some(Scheme::Other("HTTP"))',
      'Scheme::Other("a b") Err(()) Some(Scheme::Other("HTTP"))',
    ],
    wasmtime: [
      'Scheme::Other("") Ok(()) Some(Scheme::Other(""))',
      'Scheme::Other("1a") Ok(()) Some(Scheme::Other("1a"))',
      'Scheme::Other("a b") Err(()) Some(Scheme::Other("1a"))',
    ],
  },
  "outgoing-request-authorities": {
    reason: "RFC 9110, 4.2.4: user and password have no place in the target of a request",
    executor: ['"u@a:80" Err(()) Some("[::1]")', '"\u00e4.b" Err(()) Some("[::1]")'],
    wasmtime: ['"u@a:80" Ok(()) Some("u@a:80")', '"\u00e4.b" Err(()) Some("u@a:80")'],
  },
  "response-statuses": {
    reason: "An informational status can not be the last one: `send-informational` is for those",
    executor: ["100 Err(()) 200", "103 Err(()) 200", "199 Err(()) 200"],
    wasmtime: ["100 Ok(()) 100", "103 Ok(()) 103", "199 Ok(()) 199"],
  },
  "trailers-dropped-before-pollable": {
    reason: "WIT says nothing of it, and there is nothing to be protected",
    executor: ["status 200", "ready"],
    wasmtime: ["status 500"],
  },
  "stream-dropped-before-pollable": {
    reason: "WIT: implementations may trap",
    executor: ["status 200", "ready"],
    wasmtime: ["status 500"],
  },
  "answer-empty-with-length": {
    reason: "Nothing of the answer was sent: the client can be told",
    executor: ["status 500"],
    wasmtime: ["broken off"],
  },
  "answer-short": {
    reason: "Nothing of the answer was sent: the client can be told",
    executor: ["status 500"],
    wasmtime: ["broken off"],
  },
  "answer-long": {
    reason: "Nothing of the answer was sent: the client can be told, and gets no half of a body for a whole one",
    executor: ["status 500"],
    wasmtime: ["status 200", "too m"],
  },
  "answer-dropped-body": {
    reason: "Nothing of the answer was sent: the client can be told",
    executor: ["status 500"],
    wasmtime: ["broken off"],
  },
  "answer-trailers": {
    reason: "RFC 9110, 6.6.2: a sender should declare trailers, and need not; a guest behind HTTP/2 need not either",
    executor: ["trailers x-end 1 x-other 2"],
    wasmtime: ["trailers x-end 1"],
  },
  "answer-trailers-undeclared": {
    reason: "RFC 9110, 6.6.2: a sender should declare trailers, and need not; a guest behind HTTP/2 need not either",
    executor: ["trailers x-end 1 x-other 2"],
    wasmtime: [],
  },
  "@trailers-repeated": {
    reason: "Hyper sends the last of the values that a trailer has",
    executor: [
      "200 [x-kind=upstream] closed POST /echo | [trailer=x-end, x-more] | body | [x-end=1, x-more=2, x-end=3]",
    ],
    wasmtime: ["200 [x-kind=upstream] closed POST /echo | [trailer=x-end, x-more] | body | [x-end=3, x-more=2]"],
  },
  "@trailers-of-get": {
    reason: "A body that the guest gives is sent, whatever the method",
    executor: ["200 [x-kind=upstream] closed GET /echo | [trailer=x-end, x-more] | body | [x-end=1, x-more=2]"],
    wasmtime: ["200 [x-kind=upstream] closed GET /echo | [trailer=x-end, x-more] |  | []"],
  },
  "@body": {
    reason: "A body that is whole when the request goes out has a length, which every server takes",
    executor: ["200 [x-kind=upstream] closed POST /framing | length 4 | [] | body | []"],
    wasmtime: ["200 [x-kind=upstream] closed POST /framing | chunked | [] | body | []"],
  },
  "@body-empty": {
    reason: "A body that is whole when the request goes out has a length, which every server takes",
    executor: ["200 [x-kind=upstream] closed POST /framing | length 0 | [] |  | []"],
    wasmtime: ["200 [x-kind=upstream] closed POST /framing | chunked | [] |  | []"],
  },
  "@body-none": {
    reason: "RFC 9110, 8.6: methods that are expected to have a body say that there is none",
    executor: ["200 [x-kind=upstream] closed POST /framing | length 0 | [] |  | []"],
    wasmtime: ["200 [x-kind=upstream] closed POST /framing | length none | [] |  | []"],
  },
  "@body-of-get": {
    reason: "A body that the guest gives is sent, whatever the method",
    executor: ["200 [x-kind=upstream] closed GET /echo | [] | body | []"],
    wasmtime: ["200 [x-kind=upstream] closed GET /echo | [] |  | []"],
  },
  "@body-short": {
    reason: "The code says what was wrong with the request",
    executor: ["ErrorCode::HttpRequestBodySize(Some(4))"],
    wasmtime: ["ErrorCode::HttpProtocolError"],
  },
  "@body-long": {
    reason: "The server gets no request that is not the guest's",
    executor: ["ErrorCode::HttpRequestBodySize(Some(4))"],
    wasmtime: ["200 [x-kind=upstream] closed POST /echo | [] | bo | []", " true none Some(true)"],
  },
  "@fields": {
    reason:
      "Fields keep the order in which they were set, which is that of the message; http's map puts those of a name together",
    executor: ["200 [x-kind=upstream] closed GET /echo | [x-b=1, x-a=\u00e4 2, x-b=3, te=trailers] |  | []"],
    wasmtime: ["200 [x-kind=upstream] closed GET /echo | [x-b=1, x-b=3, x-a=\u00e4 2, te=trailers] |  | []"],
  },
  "@no-path": {
    reason: "WIT: no path is an empty path",
    executor: ["200 [x-kind=upstream] closed GET / | [] |  | []", " true none Some(true)"],
    wasmtime: ["ErrorCode::HttpProtocolError"],
  },
};
