import Allocation
import Configuration
import Foundation
import ProgramRuns
import Testing

@testable import Search

/// The file of measured scores.
struct EvaluationScoresTests {
  private let demo: SubjectCase
  private let basis: EvaluationBasis

  init() throws {
    demo = try SubjectCase.demo()
    basis = try demo.basis
  }

  /// Some scores of two groups.
  private var scores: EvaluationScores {
    var scores = EvaluationScores(basis, demo.problem)
    scores.original = VariantScore(loss: 0.25, accuracy: 0.875)
    for (number, group) in demo.problem.groups.enumerated() where group.ladder.count > 4 {
      scores[number, group.ladder[1]] = VariantScore(loss: 0.1 + Double(number), accuracy: 0.5)
      scores[number, group.ladder[4]] = VariantScore(loss: 1e-17, accuracy: nil)
    }
    return scores
  }

  private func stored(_ text: String) throws -> EvaluationScores.Stored {
    try EvaluationScores.Stored(parsing: Array(text.utf8), file: "s.json")
  }

  @Test func `what is written is read back`() throws {
    let file = try stored(scores.json.text())
    #expect(file.basis == basis)
    #expect(file.original == scores.original)
    #expect(file.groups == scores.groups.filter { !$0.scores.isEmpty })
    #expect(file.groups.count > 3)
    var taken = EvaluationScores(basis, demo.problem)
    let count = file.groups.reduce(0) { $0 + $1.scores.count }
    #expect(try taken.take(file) == .init(used: count, ofOtherChannels: 0))
    #expect(taken.json == scores.json)
  }

  @Test(arguments: [
    (#""model_sha256": [""#, #""model_sha256": ["0"#, "model_sha256 is 0"),
    (#""data_sha256": [""#, #""data_sha256": ["0"#, "data_sha256 is 0"),
    (#""samples": 75"#, #""samples": 74"#, "samples is 74, expected 75"),
    (#""loss": "cross_entropy""#, #""loss": "mse""#, #"loss is "mse", expected "cross_entropy""#),
    (#""std": ["#, #""std": [2.0, "#, "inputs have other names, arrays or preprocessing"),
  ])
  func `scores of another model or other data are refused, with the difference`(
    _ found: String, _ replacement: String, _ difference: String
  ) throws {
    let text = scores.json.text()
    let changed = text.replacingOccurrences(of: found, with: replacement)
    #expect(changed != text)
    var taken = EvaluationScores(basis, demo.problem)
    let file = try stored(changed)
    let error = #expect(throws: SearchError.self) { try taken.take(file) }
    let message = try #require(error?.description)
    #expect(message.hasPrefix("s.json: $.basis: \(difference)"), "\(message)")
    #expect(message.hasSuffix("these are scores of another model or other data"))
  }

  @Test(arguments: [
    (#""format_version": 1"#, #""format_version": 2"#), (#""basis": {"#, #""basis": {"more": 1, "#),
    (#""original": {"#, #""original": {"more": 1, "#), (#""loss": 0.25"#, #""loss": "0.25""#),
    (#""accuracy": 0.875"#, #""accuracy": 1.5"#), (#""accuracy": 0.875"#, #""accuracies": 0.875"#),
    (#""groups": ["#, #""groups": [7, "#), (#""group": "#, #""group": -"#), (#""order": ["#, #""order": [0, 0, "#),
    (#""order": ["#, #""order": [1000000, "#), (#""units": "#, #""units": 0"#), (#""kept": "#, #""kept": 1000"#),
    (#""kept": "#, #""kept": 0.5"#), (#""scores": ["#, #""score": ["#),
  ])
  func `a file that is wrong anywhere is refused`(_ found: String, _ replacement: String) throws {
    let text = scores.json.text()
    let place = try #require(text.range(of: found, options: .backwards))
    #expect(throws: ConfigurationError.self) { try stored(text.replacingCharacters(in: place, with: replacement)) }
  }

  @Test func `a kept count or a group that stands twice is refused`() throws {
    let text = scores.json.text()
    let file = try stored(text)
    let counts = file.groups[0].scores.keys.sorted(by: >)
    let twice = text.replacingOccurrences(of: #""kept": \#(counts[0]),"#, with: #""kept": \#(counts[1]),"#)
    #expect(throws: ConfigurationError.self) { try stored(twice) }
    let groups = text.replacingOccurrences(
      of: #""group": \#(file.groups[1].number),"#, with: #""group": \#(file.groups[0].number),"#)
    #expect(throws: ConfigurationError.self) { try stored(groups) }
  }

  @Test func `a group that the network has not is refused`() throws {
    let group = try #require(scores.groups.last { !$0.scores.isEmpty })
    for (found, replacement) in [
      (#""layer": "\#(group.layer)""#, #""layer": "other""#), (#""group": \#(group.number),"#, #""group": 999,"#),
    ] {
      let text = scores.json.text().replacingOccurrences(of: found, with: replacement)
      var taken = EvaluationScores(basis, demo.problem)
      let file = try stored(text)
      let error = #expect(throws: SearchError.self) { try taken.take(file) }
      #expect(error?.description.contains("is no group of the network") == true)
    }
  }

  @Test func `scores without the same channels are not taken`() throws {
    var changed = scores
    let group = try #require(changed.groups.first { !$0.scores.isEmpty })
    // The first two in the other order: after one unit the channels differ, after four they are the same.
    let order = group.order[1...1] + group.order[0...0] + group.order[2...]
    let text = changed.json.text().replacingOccurrences(
      of: "\"order\": \(Array(group.order)),\n      \"scores\": [\n        {\n          \"kept\": \(group.units - 1)",
      with: "\"order\": \(Array(order)),\n      \"scores\": [\n        {\n          \"kept\": \(group.units - 1)")
    #expect(text != changed.json.text())
    let file = try stored(text)
    let all = file.groups.reduce(0) { $0 + $1.scores.count }
    changed = EvaluationScores(basis, demo.problem)
    let taken = try changed.take(file)
    #expect(taken.ofOtherChannels >= 1)
    #expect(taken.used == all - taken.ofOtherChannels)
    #expect(changed[group.number, group.units - 1] == nil)
    #expect(changed[group.number, group.units - 4] == scores[group.number, group.units - 4])
  }
}
