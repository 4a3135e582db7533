// swift-tools-version: 6.2
import PackageDescription

// The settings of every Swift target: one language mode, no warnings let through.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A library that only tests link: it lives under Tests/.
func testSupport(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, path: "Tests/\(name)", swiftSettings: strict)
}

/// A measuring program: `scripts/bench` builds and runs it.
func benchmark(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Tests/Benchmarks/Sources/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
  name: "prune-cluster",
  products: [
    .executable(name: "prune-cluster", targets: ["prune-cluster"]),
    // What other packages may depend on: criteria and solvers of one's own (docs/plugins.md). Nothing else is promised.
    .library(name: "PruneClusterPlugins", targets: ["PruneClusterPlugins"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    // C: each the only place that sees its library's header.
    .systemLibrary(
      name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"]), .brew(["open-mpi"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CLAPACK", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"]), .brew(["openblas"])]),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .target(name: "COneDNN", dependencies: ["CKernels"], linkerSettings: [.linkedLibrary("dnnl")]),
    .target(name: "CImages", linkerSettings: [.linkedLibrary("jpeg"), .linkedLibrary("png16")]),
    .target(name: "CKernels"),
    .target(name: "CProcess"),

    // Arrows point down only: nothing imports a target that stands below it in this list.
    library("FileKinds"),
    library("MessagePassing"),
    library("OpenMPI", ["COpenMPI", "MessagePassing"]),
    library("Networks"),
    library("Channels", ["Networks"]),
    library("Execution", ["Networks"]),
    library("Pipelining", ["Execution", "MessagePassing", "Networks"]),
    library("OneDNN", ["COneDNN", "CKernels", "Execution", "Networks"]),
    .target(
      name: "ONNX", dependencies: ["FileKinds", "Networks", protobuf], exclude: ["Generated/onnx.proto"],
      swiftSettings: strict),
    library("Surgery", ["CLAPACK", "Networks"]),
    library("Allocation"),
    library("Sensitivity", ["Channels", "Execution", "Networks"]),
    library("ArrayFiles", ["CZlib", "FileKinds"]),
    library("Digests", ["COpenSSL"]),
    library("WorkSharing", ["ArrayFiles", "Digests", "MessagePassing", logging]),
    library("Images", ["CImages", "FileKinds"]),
    library("Configuration"),
    library("PruneClusterPlugins", ["ArrayFiles", "Configuration"]),
    library("Interchange", ["Configuration"]),
    library(
      "Search",
      [
        "Allocation", "ArrayFiles", "CMalloc", "CProcess", "Channels", "Configuration", "Digests", "Execution",
        "Images", "Interchange", "MessagePassing", "Networks", "Pipelining", "PruneClusterPlugins", "Sensitivity",
        "Surgery", "WorkSharing", logging,
      ]),
    library("ONNXFormat", ["Networks", "ONNX", "Search"]),
    library("Report", ["Channels", "Configuration", "Networks", "Search", "WorkSharing"]),
    .executableTarget(
      name: "prune-cluster",
      dependencies: [
        "ArrayFiles", "Configuration", "Execution", "Interchange", "MessagePassing", "Networks", "ONNX", "ONNXFormat",
        "OneDNN", "OpenMPI", "Report", "Search", "WorkSharing", argumentParser, logging,
      ],
      swiftSettings: strict),

    // Tests: what several of them share, the contracts that every implementation must keep, and one target per target.
    testSupport("AllocationProblems", ["Allocation"]),
    testSupport("ImageFiles", []),
    testSupport("ProgramRuns", []),
    testSupport("ReferenceData", ["ArrayFiles", "Networks", "ONNX"]),
    testSupport("SchemaValidation", ["Configuration"]),
    testSupport("CommunicatorContract", ["MessagePassing"]),
    testSupport("ExecutorContract", ["Execution", "Networks"]),
    .executableTarget(
      name: "conformance", dependencies: ["CommunicatorContract", "MessagePassing", "OpenMPI"],
      path: "Tests/ConformanceProgram", swiftSettings: strict),
    .executableTarget(
      name: "piece-writer", dependencies: ["ArrayFiles", "WorkSharing"], path: "Tests/PieceWriter",
      swiftSettings: strict),
    .executableTarget(
      name: "fuzz",
      dependencies: [
        "ArrayFiles", "CZlib", "Channels", "Configuration", "Execution", "ImageFiles", "Images", "Interchange",
        "Networks", "ONNX", "OneDNN", "PruneClusterPlugins", "Search", "Sensitivity", "WorkSharing",
      ],
      path: "Tests/FuzzProgram", swiftSettings: strict),
    .target(
      name: "CMatrixProduct", path: "Tests/Benchmarks/Sources/CMatrixProduct",
      linkerSettings: [.linkedLibrary("dnnl")]),
    benchmark(
      "engine-benchmark",
      [
        "CMatrixProduct", "Channels", "Execution", "MessagePassing", "Networks", "ONNX", "OneDNN", "OpenMPI",
        "Sensitivity",
      ]),
    benchmark(
      "scaling-trace",
      ["Execution", "MessagePassing", "ONNXFormat", "OneDNN", "OpenMPI", "Search", logging]),
    benchmark("solver-benchmark", ["Allocation", "AllocationProblems"]),
    tests("AllocationTests", ["Allocation", "AllocationProblems"]),
    tests("ArrayFilesTests", ["ArrayFiles"]),
    tests("ChannelsTests", ["Channels", "Execution", "ExecutorContract", "Networks", "ReferenceData"]),
    tests(
      "CommandTests",
      ["ArrayFiles", "Configuration", "ImageFiles", "ProgramRuns", "ReferenceData", "prune-cluster"]),
    tests("ConfigurationTests", ["Configuration", "ProgramRuns", "SchemaValidation"]),
    tests("DigestsTests", ["Digests"]),
    tests(
      "DocumentationTests",
      ["Configuration", "ProgramRuns", "ReferenceData", "SchemaValidation", "prune-cluster", argumentParser]),
    tests("ExecutionTests", ["Execution", "ExecutorContract", "Networks"]),
    tests("FileKindsTests", ["FileKinds"]),
    tests("FuzzTests", ["ProgramRuns", "fuzz"]),
    tests("ImagesTests", ["ImageFiles", "Images", "ProgramRuns"]),
    tests("InterchangeTests", ["Configuration", "Interchange"]),
    tests("MessagePassingTests", ["CommunicatorContract", "MessagePassing"]),
    tests("NetworksTests", ["Execution", "ExecutorContract", "Networks"]),
    tests("ONNXTests", ["Channels", "Execution", "Networks", "ONNX", "ProgramRuns", protobuf]),
    tests("OneDNNTests", ["COneDNN", "Execution", "ExecutorContract", "Networks", "OneDNN"]),
    tests("OpenMPITests", ["MessagePassing", "OpenMPI", "ProgramRuns", "conformance"]),
    tests(
      "SearchTests",
      [
        "Allocation", "AllocationProblems", "ArrayFiles", "Channels", "Configuration", "Execution", "ImageFiles",
        "MessagePassing", "Networks", "ONNXFormat", "OneDNN", "ProgramRuns", "PruneClusterPlugins", "ReferenceData",
        "Report", "Search", "Sensitivity", "Surgery", "WorkSharing", logging,
      ]),
    tests(
      "PruneClusterPluginsTests",
      ["ArrayFiles", "Configuration", "ProgramRuns", "PruneClusterPlugins", "ReferenceData", "prune-cluster"]),
    tests(
      "PipeliningTests", ["Execution", "ExecutorContract", "MessagePassing", "Networks", "OneDNN", "Pipelining"]),
    tests(
      "SensitivityTests",
      [
        "ArrayFiles", "Channels", "Execution", "Networks", "OneDNN", "ProgramRuns", "ReferenceData", "Sensitivity",
      ]),
    tests(
      "WorkSharingTests", ["ArrayFiles", "MessagePassing", "ProgramRuns", "WorkSharing", "piece-writer", logging]),
    tests(
      "ReportTests",
      [
        "Configuration", "MessagePassing", "Networks", "ONNXFormat", "OneDNN", "ProgramRuns", "ReferenceData", "Report",
        "Search", "WorkSharing", logging,
      ]),
    tests("SurgeryTests", ["CLAPACK", "Execution", "ExecutorContract", "Networks", "Surgery"]),
  ]
)
