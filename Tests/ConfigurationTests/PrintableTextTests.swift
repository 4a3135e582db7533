import Configuration
import Testing

/// What a terminal is given of texts that strangers have written.
@Suite struct PrintableTextTests {
  @Test func `control characters and ends of lines are escaped, all else stays`() {
    #expect("a\nb\r\tc".printable() == #"a\nb\r\tc"#)
    let hostile = "\u{1B}[31m\u{7}\u{7F}\u{9B}0m\u{85}\u{2028}\u{2029}"
    #expect(hostile.printable() == #"\u{1B}[31m\u{07}\u{7F}\u{009B}0m\u{0085}\u{2028}\u{2029}"#)
    for text in ["", "layer4.0/conv1 [3×3]", "日本語 é", "\\ \"quoted\""] { #expect(text.printable() == text) }
  }

  @Test func `one of them may stay`() {
    #expect("a\tb".printable(keeping: "\t") == "a\tb")
    #expect("\u{1B}\t".printable(keeping: "\t") == "\\u{1B}\t")
  }
}
