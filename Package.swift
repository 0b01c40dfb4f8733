// swift-tools-version:6.2
import PackageDescription

// Memory of a request is taken on one thread and given back on another, over which the C library's allocator locks.
let allocator: [LinkerSetting] = [.linkedLibrary("jemalloc", .when(platforms: [.linux]))]

let package = Package(
    name: "aragora",
    products: [.executable(name: "aragora", targets: ["aragora"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird",
            from: "2.28.1",
            traits: ["ConfigurationSupport"]
        ),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Floor 0: C libraries and the types that everybody speaks.
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .systemLibrary(name: "CEpoll"),
        .systemLibrary(name: "CMarkdown", providers: [.apt(["libcmark-gfm-dev", "libcmark-gfm-extensions-dev"])]),
        .target(
            name: "CoreTypes",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")]
        ),

        // Floor 1: the database and the network.
        .target(
            name: "PostgresMigrations",
            path: "Migrations/postgres",
            resources: [
                .embedInCode("0001_house.sql"), .embedInCode("0002_approvals.sql"),
                .embedInCode("0003_subscriptions.sql"), .embedInCode("0004_publishing.sql"),
                .embedInCode("0005_ends.sql"), .embedInCode("0006_lookups.sql"),
                .embedInCode("0007_lists.sql"), .embedInCode("0008_channels.sql"),
                .embedInCode("0009_conversations.sql"), .embedInCode("0010_signing_key_renewals.sql"),
            ]
        ),
        .target(
            name: "SQLiteMigrations",
            path: "Migrations/sqlite",
            resources: [
                .embedInCode("0001_house.sql"), .embedInCode("0002_approvals.sql"),
                .embedInCode("0003_subscriptions.sql"), .embedInCode("0004_publishing.sql"),
                .embedInCode("0005_ends.sql"), .embedInCode("0006_lookups.sql"),
                .embedInCode("0007_lists.sql"), .embedInCode("0008_channels.sql"),
                .embedInCode("0009_conversations.sql"), .embedInCode("0010_signing_key_renewals.sql"),
            ]
        ),
        .target(
            name: "Persistence",
            dependencies: [
                "CPostgres", "CoreTypes", "PostgresMigrations", "SQLiteMigrations",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "Transport",
            dependencies: [
                "CCurl", "CEpoll", "CoreTypes",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),

        // Floor 2: models, debates, channels.
        .target(
            name: "Agents",
            dependencies: [
                "CoreTypes", "Transport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "Debates",
            dependencies: ["CoreTypes", .product(name: "Crypto", package: "swift-crypto")]
        ),
        .target(
            name: "Channels",
            dependencies: [
                "CMarkdown", "CoreTypes", "Persistence", "Transport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),

        .target(
            name: "Publishing",
            dependencies: [
                "Channels", "CoreTypes", "Persistence", "Transport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),

        // Floor 3: meaning, and one room for each platform.
        .target(
            name: "Conversations",
            dependencies: [
                "Agents", "Channels", "CoreTypes", "Debates", "Persistence",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "Subscriptions",
            dependencies: [
                "Channels", "CoreTypes", "Persistence", "Transport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "SlackIntegration",
            dependencies: [
                "Channels", "CoreTypes", "Persistence", "Transport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "integrations/slack",
            exclude: ["README.md"],
            resources: [.embedInCode("manifest.json")]
        ),
        .target(
            name: "XIntegration",
            dependencies: [
                "Channels", "CoreTypes", "Persistence", "Publishing", "Transport",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "integrations/x",
            exclude: ["README.md"],
            resources: [.embedInCode("Text/emoji-sequences.txt"), .embedInCode("Text/top-level-domains.txt")]
        ),
        .target(
            name: "YouTubeIntegration",
            dependencies: ["Channels", "CoreTypes", "Persistence", "Publishing", "Transport"],
            path: "integrations/youtube",
            exclude: ["README.md"]
        ),
        .target(
            name: "WebIntegration",
            dependencies: ["CoreTypes", .product(name: "Mustache", package: "swift-mustache")],
            path: "integrations/web",
            exclude: ["README.md"],
            resources: [
                .embedInCode("page.mustache"), .embedInCode("page.css"), .embedInCode("page.js"),
                .embedInCode("shared.js"), .embedInCode("markdown.js"),
                .embedInCode("webhooks.html"), .embedInCode("webhooks.js"),
                .embedInCode("answer.mustache"), .embedInCode("approvals.html"), .embedInCode("approvals.js"),
            ]
        ),

        .target(
            name: "Approvals",
            dependencies: [
                "Channels", "CoreTypes", "Persistence",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]
        ),
        .target(
            name: "EmailIntegration",
            dependencies: ["Channels", "CoreTypes", "Transport"],
            path: "integrations/email",
            exclude: ["README.md"]
        ),

        // Floor 4: the HTTP front.
        .target(
            name: "Gateway",
            dependencies: [
                "Approvals", "Channels", "Conversations", "CoreTypes", "Debates", "Persistence", "Publishing",
                "Subscriptions", "WebIntegration",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),

        // Local servers that stand in for X and YouTube, for trials and tests.
        .target(
            name: "Emulators",
            dependencies: [
                "CoreTypes", "Transport", "XIntegration",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),

        // The roof.
        .executableTarget(
            name: "aragora",
            dependencies: [
                "Agents", "Approvals", "Channels", "Conversations", "CoreTypes", "Debates", "EmailIntegration",
                "Emulators", "Gateway", "Persistence", "Publishing", "SlackIntegration", "Subscriptions", "Transport",
                "XIntegration", "YouTubeIntegration",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            linkerSettings: allocator
        ),

        // What the tests share: a manual clock and fake platforms; databases of their own.
        .target(
            name: "TestSupport",
            dependencies: [
                "CoreTypes",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/TestSupport"
        ),
        .target(
            name: "DatabaseSupport",
            dependencies: ["CoreTypes", "Persistence", .product(name: "Logging", package: "swift-log")],
            path: "Tests/DatabaseSupport"
        ),
        .target(
            name: "ChannelSupport",
            dependencies: ["Channels", "CoreTypes"],
            path: "Tests/ChannelSupport"
        ),

        // What the benchmarks measure with; no part of the product.
        .executableTarget(
            name: "LoadGenerator",
            dependencies: ["CEpoll", .product(name: "Crypto", package: "swift-crypto")],
            path: "Benchmarks/LoadGenerator"
        ),
        .executableTarget(
            name: "EngineBenchmark",
            dependencies: ["CoreTypes", "Debates", "Persistence", .product(name: "Logging", package: "swift-log")],
            path: "Benchmarks/EngineBenchmark",
            linkerSettings: allocator
        ),
    ]
)

/// One test target for each room, with what it needs beside the room.
let rooms: KeyValuePairs<String, [Target.Dependency]> = [
    "CoreTypes": [],
    "Transport": ["CoreTypes"],
    "Agents": ["CoreTypes", "Transport"],
    "Debates": ["CoreTypes"],
    "Persistence": ["CoreTypes", "DatabaseSupport"],
    "Channels": ["ChannelSupport", "CoreTypes", "DatabaseSupport", "Persistence"],
    "SlackIntegration": ["Channels", "ChannelSupport", "CoreTypes", "DatabaseSupport", "Persistence", "Transport"],
    "Publishing": [
        "Channels", "CoreTypes", "DatabaseSupport", "Emulators", "Persistence", "Transport", "XIntegration",
        "YouTubeIntegration",
    ],
    "Approvals": ["ChannelSupport", "Channels", "CoreTypes", "DatabaseSupport", "Persistence"],
    "EmailIntegration": ["ChannelSupport", "Channels", "CoreTypes", "Transport"],
    "Conversations": [
        "Agents", "ChannelSupport", "Channels", "CoreTypes", "DatabaseSupport", "Debates", "Persistence",
    ],
    "Subscriptions": [
        "Channels", "CoreTypes", "DatabaseSupport", "Persistence", "Transport",
    ],
    "Gateway": [
        "Approvals", "Channels", "CoreTypes", "DatabaseSupport", "Debates", "Persistence", "Subscriptions",
        "Transport", "WebIntegration",
    ],
    "aragora": [
        "Approvals", "Channels", "CoreTypes", "DatabaseSupport", "Debates", "Persistence", "Subscriptions", "Transport",
    ],
]
/// What lies beside the tests and is no code of theirs.
let excluded = [
    "SlackIntegration": ["Golden", "Peers"], "EmailIntegration": ["Peers"], "Subscriptions": ["Peers"],
    "Publishing": ["Peers"], "aragora": ["Peers"],
]
for (room, beside) in rooms {
    package.targets.append(
        .testTarget(
            name: "\(room)Tests",
            dependencies: [.target(name: room), "TestSupport"] + beside,
            exclude: excluded[room] ?? []
        )
    )
}

/// `ARAGORA_TEST_ROOM=Debates swift test` builds one room, what it stands on, and its tests.
if let room = Context.environment["ARAGORA_TEST_ROOM"] {
    var needed: Set<String> = ["\(room)Tests"]
    var added = needed
    while !added.isEmpty {
        let dependencies = package.targets.filter { added.contains($0.name) }.flatMap(\.dependencies)
        added = []
        for dependency in dependencies {
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _):
                if needed.insert(name).inserted { added.insert(name) }
            default: break
            }
        }
    }
    package.targets.removeAll { !needed.contains($0.name) }
    if room != "aragora" { package.products = [] }
}

for target in package.targets where target.type != .system && target.name != "CCurl" {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InferIsolatedConformances"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ]
    if Context.environment["ARAGORA_WARNINGS_AS_ERRORS"] == "1" {
        target.swiftSettings?.append(.treatAllWarnings(as: .error))
    }
}
