// swift-tools-version: 6.2
import PackageDescription

// Measuring programs. A package of its own, so that nobody builds them who does not measure: `scripts/bench` does.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "prune-cluster", path: "../.."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .target(name: "CMatrixProduct", linkerSettings: [.linkedLibrary("dnnl")]),
    .executableTarget(
      name: "engine-benchmark",
      dependencies: ["CMatrixProduct", .product(name: "Engine", package: "prune-cluster")],
      swiftSettings: strict),
    .executableTarget(
      name: "scaling-trace",
      dependencies: [
        .product(name: "Engine", package: "prune-cluster"), .product(name: "Logging", package: "swift-log"),
        .product(name: "WholeSearch", package: "prune-cluster"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "solver-benchmark", dependencies: [.product(name: "Solver", package: "prune-cluster")],
      swiftSettings: strict),
  ]
)
