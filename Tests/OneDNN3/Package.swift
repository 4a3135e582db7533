// swift-tools-version: 6.2
import PackageDescription

// The fast executor and its tests alone, without the packages that the rest needs: `scripts/test` builds it against the
// other major version of oneDNN. A package can only build what lies in its folder, hence the links; the settings are
// those of the package at the root.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "onednn3",
  targets: [
    .target(name: "CKernels"),
    .target(name: "COneDNN", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "Networks", swiftSettings: strict),
    .target(name: "Execution", dependencies: ["Networks"], swiftSettings: strict),
    .target(
      name: "OneDNN", dependencies: ["COneDNN", "CKernels", "Execution", "Networks"], swiftSettings: strict),
    .target(name: "ExecutorContract", dependencies: ["Execution", "Networks"], swiftSettings: strict),
    .testTarget(
      name: "OneDNNTests", dependencies: ["COneDNN", "Execution", "ExecutorContract", "Networks", "OneDNN"],
      swiftSettings: strict),
  ]
)
