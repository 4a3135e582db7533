import Configuration

import Glibc

/// One start of a search, as `run.json` lists them.
struct RunAttempt {
  let started: String
  private(set) var ended: String?
  private(set) var state = RunState.running
  private(set) var reason: String?
  /// The pieces of work that it has taken from the checkpoint, and those that it has computed.
  var pieces = (restored: 0, computed: 0)
  private let ranks: Int
  private let hosts: [String]
  private let schedule: String
  private let grid: String?

  /// An attempt that begins now.
  /// - Parameters:
  ///   - hosts: by rank.
  ///   - grid: how ranks hold the network's stages, where they do.
  init(hosts: [String], schedule: String, grid: String? = nil) {
    self.grid = grid
    started = UTCTime.now
    ranks = hosts.count
    var seen: Set<String> = []
    self.hosts = hosts.filter { seen.insert($0).inserted }
    self.schedule = schedule
  }

  /// Ends it now.
  mutating func end(_ state: RunState, reason: String? = nil) {
    ended = UTCTime.now
    self.state = state
    self.reason = reason
  }

  var json: JSONValue {
    var object = JSONObject()
    object["started"] = .string(started)
    object["ended"] = ended.map(JSONValue.string) ?? .null
    object["state"] = .string(state.rawValue)
    object["reason"] = reason.map(JSONValue.string)
    object["ranks"] = .integer(ranks)
    object["hosts"] = .array(hosts.map(JSONValue.string))
    object["schedule"] = .string(schedule)
    object["grid"] = grid.map(JSONValue.string)
    object["pieces_restored"] = .integer(pieces.restored)
    object["pieces_computed"] = .integer(pieces.computed)
    for (key, variable) in RunAttempt.ofSlurm { object[key] = RunAttempt.number(variable).map(JSONValue.integer) }
    return .object(object)
  }

  /// What Slurm tells its jobs.
  private static let ofSlurm = [("slurm_job_id", "SLURM_JOB_ID"), ("slurm_restart_count", "SLURM_RESTART_COUNT")]

  private static func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }
}

/// The attempts of earlier runs.
enum EarlierAttempts {
  /// At most so many attempts are listed, the last ones.
  static let limit = 100

  /// The attempts in the record of an earlier run with the same configuration and model; none if it was another search.
  ///
  /// One that has not told its end was killed: `lost`.
  static func of(_ record: JSONValue, sameAs head: JSONObject) -> [JSONValue] {
    // As texts, because a number that was written and read may have become one of another kind.
    guard record["configuration"]?.text() == head["configuration"]?.text(), digests(record) == digests(.object(head)),
      case .array(let attempts)? = record["attempts"]
    else { return [] }
    return attempts.suffix(limit - 1).map { attempt in
      guard attempt["state"] == .string(RunState.running.rawValue) else { return attempt }
      var lost = attempt
      lost["state"] = "lost"
      return lost
    }
  }

  /// Where the model lies is no part of it.
  private static func digests(_ record: JSONValue) -> [JSONValue?] {
    guard case .array(let files)? = record["model"] else { return [] }
    return files.map { $0["sha256"] }
  }
}
