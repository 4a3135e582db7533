import Configuration

extension ReportContent.Run {
  /// How a search ran, as its record tells it.
  init(_ record: LocatedJSON) throws(ConfigurationError) {
    let root = try Members(record)
    version = try root.required("version").string()
    let libraries = try root.required("libraries").members(["executor", "transport"])
    executor = try libraries.required("executor").string()
    transport = try libraries.required("transport").string()
    var ranks: [Rank] = []
    for place in try root.required("ranks").elements(expected: "an array of ranks", allowsNone: false) {
      ranks.append(try Rank(place))
    }
    self.ranks = ranks
    var phases: [(name: String, seconds: Double)] = []
    for (name, place) in try root.required("seconds").namedMembers() {
      phases.append((name, try place.number(expected: "a number of seconds") { $0 >= 0 }))
    }
    self.phases = phases
    let attempts = try root.required("attempts").elements(expected: "an array of attempts", allowsNone: false)
    self.attempts = attempts.count
    let last = try Members(attempts[attempts.count - 1])
    started = try last.required("started").string()
    let whole = 0...Int.max
    pieces = (
      try last.required("pieces_restored").integer(in: whole), try last.required("pieces_computed").integer(in: whole)
    )
    grid = try last["grid"]?.string()
    var inputs: [FileDigest] = []
    for list in ["model", "data"] {
      for place in try root.required(list).elements() { inputs.append(try FileDigest(place)) }
    }
    self.inputs = inputs
    configuration = try root.required("configuration").value.text()
  }
}

extension ReportContent.Run.Rank {
  fileprivate init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try Members(place)
    let whole = 0...Int.max
    func seconds(_ key: String) throws(ConfigurationError) -> Double {
      try members.required(key).number(expected: "a number of seconds") { $0 >= 0 }
    }
    host = try members.required("host").string()
    workers = try members.required("workers").integer(in: whole)
    pieces = try members.required("pieces").integer(in: whole)
    busySeconds = try seconds("busy_seconds")
    idleSeconds = try seconds("idle_seconds")
    peakMemory = try members.required("peak_memory_bytes").integer(in: whole)
  }
}

extension FileDigest {
  /// A file as records name it.
  init(_ place: LocatedJSON) throws(ConfigurationError) {
    let members = try place.members(["path", "sha256"])
    self.init(
      path: try members.required("path").string(), sha256: try members.required("sha256").string())
  }
}

/// An object of a record, which may have more keys than are looked at here.
struct Members {
  private let place: LocatedJSON
  private let members: [(name: String, place: LocatedJSON)]

  init(_ place: LocatedJSON) throws(ConfigurationError) {
    self.place = place
    members = try place.namedMembers()
  }

  subscript(key: String) -> LocatedJSON? {
    members.first { $0.name == key }.map(\.place).flatMap { $0.value == .null ? nil : $0 }
  }

  func required(_ key: String) throws(ConfigurationError) -> LocatedJSON {
    guard let place = self[key] else {
      throw place.error("the key \"\(key)\" is missing: this is no record of a search")
    }
    return place
  }
}
