import Configuration

/// One of the two protocols by which a search runs a program of the user's: what it is called, and its files.
///
/// docs/plugins.md has both for people.
package struct PluginProtocol: Hashable, Sendable {
  /// What `protocol` says in its files.
  package let name: String
  /// What `version` says: both sides refuse any other.
  package let version: Int
  /// What the search writes into the folder.
  package let requestFile: String
  /// What the program leaves there.
  package let answerFile: String

  /// Scores for every unit that can go.
  package static let criterion = PluginProtocol(
    name: "prune-cluster-criterion", version: 1, requestFile: "request.json", answerFile: "answer.json")

  /// A plan that meets every limit.
  package static let solver = PluginProtocol(
    name: "prune-cluster-solver", version: 1, requestFile: "problem.json", answerFile: "plan.json")

  /// The members that every file begins with.
  var head: JSONObject { ["protocol": .string(name), "version": .integer(version)] }

  /// Sees that a file is one of this protocol and version.
  func check(name place: LocatedJSON, version number: LocatedJSON) throws(ConfigurationError) {
    guard try place.string(expected: quoted(name)) == name else { throw place.error(expected: quoted(name)) }
    _ = try number.integer(in: version...version, expected: "version \(version)")
  }
}
