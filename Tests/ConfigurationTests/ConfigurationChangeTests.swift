import Configuration
import Testing

/// Changes of single keys, as the command line writes them.
@Suite struct ConfigurationChangeTests {
  @Test(
    arguments: [
      ("a=1", ["a"], 1), ("a.b.c=2.5", ["a", "b", "c"], 2.5), ("a=true", ["a"], true), ("a=null", ["a"], .null),
      ("a=macs", ["a"], "macs"), (#"a="macs""#, ["a"], "macs"), ("a=b=c", ["a"], "b=c"), ("a=", ["a"], nil),
      ("a.b=", ["a", "b"], nil), ("a=[4, 8]", ["a"], [4, 8]), ("a=[4, 8", ["a"], "[4, 8"),
      (#"a={"b": {"c": 3}}"#, ["a"], ["b": ["c": 3]]), ("a= 7 ", ["a"], 7), ("é=ü", ["é"], "ü"),
    ] as [(String, [String], JSONValue?)])
  func `a text says which key gets which value`(_ text: String, _ path: [String], _ value: JSONValue?) {
    #expect(ConfigurationChange(text) == ConfigurationChange(path, to: value))
  }

  @Test(arguments: ["", "a", "a.b", "=1", ".a=1", "a.=1", "a..b=1", "."])
  func `what names no key is no change`(_ text: String) { #expect(ConfigurationChange(text) == nil) }

  @Test(
    arguments: [
      ("model=m.onnx", "/here/m.onnx"), ("model=/m.onnx", "/m.onnx"), ("model=../m.onnx", "/here/../m.onnx"),
      ("model=~/m.onnx", "~/m.onnx"), ("model=7", 7), ("model=", nil), ("modle=m.onnx", "m.onnx"),
      ("latency.table=t.json", "/here/t.json"), ("latency={\"table\": \"t.json\"}", ["table": "/here/t.json"]),
      ("output.directory=out", "/here/out"), ("measured.saved_eval_scores=s.json", "/here/s.json"),
      ("calibration.inputs=d.npz:x", "/here/d.npz:x"),
      (#"calibration.inputs={"file": "d.npz", "array": "x"}"#, ["file": "/here/d.npz", "array": "x"]),
      ("calibration.inputs.array=x", "x"), ("calibration.inputs.file=d.npz", "/here/d.npz"),
      ("calibration.inputs.image=x.npy", "/here/x.npy"),
      (
        #"evaluation.inputs={"a": "a.npy", "file": {"file": "b.npy"}}"#,
        [
          "a": "/here/a.npy", "file": ["file": "/here/b.npy"],
        ]
      ),
      ("evaluation.labels=l.npy", "/here/l.npy"), ("calibration.images=val", "/here/val"),
      (#"calibration.images={"a": "val", "b": "/val"}"#, ["a": "/here/val", "b": "/val"]),
      ("calibration.bad_images=skip", "skip"), ("solver.method=greedy", "greedy"),
      (#"config_list=[{"op_names": ["stem"], "exclude": true}]"#, [["op_names": ["stem"], "exclude": true]]),
      ("sensitivity.command=[\"./criterion\"]", ["./criterion"]), ("target=2", 2),
    ] as [(String, JSONValue?)])
  func `paths of a change start at a folder, whatever else it has stays`(_ text: String, _ value: JSONValue?) throws {
    let change = try #require(ConfigurationChange(text))
    #expect(change.startingPaths(at: "/here") == ConfigurationChange(change.path, to: value))
  }

  private static let document: JSONValue = ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4]]

  @Test(
    arguments: [
      ("a=5", ["a": 5, "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
      ("b.c=5", ["a": 1, "b": ["c": 5, "d": ["e": 3]], "f": [4]]),
      ("b.d.e=", ["a": 1, "b": ["c": 2, "d": [:]], "f": [4]]),
      ("b=", ["a": 1, "f": [4]]),
      ("g.h.i=5", ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4], "g": ["h": ["i": 5]]]),
      ("a.x=5", ["a": ["x": 5], "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
      ("z=", ["a": 1, "b": ["c": 2, "d": ["e": 3]], "f": [4]]),
    ] as [(String, JSONValue)])
  func `a change leaves everything else as it is`(_ text: String, _ expected: JSONValue) throws {
    #expect(try #require(ConfigurationChange(text)).applied(to: Self.document) == expected)
  }

  @Test func `the last of several changes of a key holds`() throws {
    let changes = try ["b.c=7", "b=", "b.c=8"].map { try #require(ConfigurationChange($0)) }
    #expect(changes.reduce(Self.document) { $1.applied(to: $0) } == ["a": 1, "f": [4], "b": ["c": 8]])
  }
}
