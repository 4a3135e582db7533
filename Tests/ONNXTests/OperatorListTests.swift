import Foundation
import Testing

@testable import ONNX

/// docs/operators.md says what the registry has.
struct OperatorListTests {
  @Test func `the page of operators lists them all`() throws {
    let page = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("docs/operators.md")
    // A list is a run of quoted lines.
    var lists: [[String]] = []
    var isInside = false
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n", omittingEmptySubsequences: false) {
      let isQuoted = line.hasPrefix("> ")
      if isQuoted, !isInside { lists.append([]) }
      if isQuoted {
        lists[lists.count - 1] += line.dropFirst(2).split { $0 == "," || $0 == " " }.map(String.init)
      }
      isInside = isQuoted
    }
    #expect(
      lists == [
        OperatorRegistry.supported, (OperatorRegistry.supportedOnConstants + ["Constant"]).sorted(),
        OperatorRegistry.supportedOnComputed,
      ])
  }
}
