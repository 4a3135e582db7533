import Testing

@testable import Report

/// What stands on a page as text does nothing there.
struct MarkupTests {
  static let hostile = [
    "<script>alert(1)</script>", "</title></style></script><img src=x onerror=alert(1)>", "\" onload=\"alert(1)",
    "' onload='alert(1)", "&lt;b&gt;", "a & b", "javascript:alert(1)", "--><!--", "]]>", "{{1}}", "${1}", "`",
  ]

  @Test(arguments: hostile) func `a text stays a text, in an element and in an attribute`(_ text: String) {
    let page: Markup = "<p title=\"\(text)\">\(text)</p>"
    let source = page.source
    #expect(source.hasPrefix("<p title=\"") && source.hasSuffix("</p>"))
    let inner = source.dropFirst("<p title=\"".count).dropLast("</p>".count)
    // Between the two places stand the three characters of the template, and no others of their kind.
    #expect(inner.count { $0 == "\"" } == 1)
    #expect(inner.count { $0 == ">" } == 1)
    #expect(!inner.contains("<") && !inner.contains("'"))
    let escaped = inner.split(separator: "\">")
    #expect(escaped.count == 2 && escaped.first == escaped.last)
    #expect(Self.unescaped(String(escaped[0])) == text)
  }

  private static func unescaped(_ text: String) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")].reduce(text) {
      $0.replacing($1.0, with: $1.1)
    }
  }

  @Test func `what would do something instead of standing there is shown`() {
    let scalars: [(Unicode.Scalar, String)] = [
      ("\0", "␀"), ("\u{1B}", "␛"), ("\n", "␊"), ("\u{7F}", "[U+7F]"), ("\u{9B}", "[U+9B]"), ("\u{202E}", "[U+202E]"),
      ("\u{2066}", "[U+2066]"), ("\u{200F}", "[U+200F]"), ("\u{2028}", "[U+2028]"), ("\u{FFFE}", "[U+FFFE]"),
      ("\u{E0041}", "[U+E0041]"), ("א", "א"), ("é", "é"), (" ", " "),
    ]
    for (scalar, shown) in scalars {
      let page: Markup = "\("a" + String(scalar) + "b")"
      #expect(page.source == "a\(shown)b")
    }
  }

  @Test func `lines stay lines only where they are asked for`() {
    let page: Markup = "<pre>\(lines: "a\n<b>\r")</pre>"
    #expect(page.source == "<pre>a\n&lt;b&gt;␍</pre>")
  }

  @Test func `a name may be broken behind its slashes, and nothing else of it changes`() {
    let names = ["/classifier/Gemm", "a/b", "/", "a//b/", "</bdi>/<b>"]
    let marked = ["/classifier/<wbr>Gemm", "a/<wbr>b", "/", "a//<wbr>b/", "&lt;/<wbr>bdi&gt;/<wbr>&lt;b&gt;"]
    for (name, text) in zip(names, marked) {
      let markup: Markup = "\(name: name)"
      #expect(markup.source == "<bdi>\(text)</bdi>")
    }
  }

  @Test func `a name is isolated from the direction of what stands around it, and its end is kept`() {
    let right: Markup = "\(name: "שלום")"
    #expect(right.source == "<bdi>שלום</bdi>")
    let long = String(repeating: "x", count: 60_000) + "/conv1"
    let name: Markup = "\(name: long)"
    #expect(name.source.count < 120)
    #expect(Markup.shortened("/layer4.0.downsample.0", to: 15) == "…0.downsample.0")
    #expect(Markup.shortened(String(repeating: ".", count: 20), to: 3) == "…...")
    #expect(name.source.hasPrefix("<bdi>…x") && name.source.hasSuffix("/<wbr>conv1</bdi>"))
    // One character of very many scalars.
    let dense: Markup = "\(name: "a" + String(repeating: "\u{301}", count: 60_000))"
    #expect(dense.source.unicodeScalars.count < 120)
  }

  @Test func `coordinates have at most two decimals`() {
    let numbers: [(Double, String)] = [
      (0, "0"), (1, "1"), (0.5, "0.5"), (33.333, "33.33"), (-0.05, "-0.05"), (99.999, "100"), (12.10, "12.1"),
      (.nan, "0"), (.infinity, "0"),
    ]
    for (number, text) in numbers {
      let page: Markup = "\(number)"
      #expect(page.source == text)
    }
  }
}
