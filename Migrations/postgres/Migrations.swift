/// The schema of the Postgres engine, in the order in which it is applied.
///
/// A file that was released never changes.
package enum PostgresMigrations {
    /// Name and SQL text of each migration.
    package static let all: [(name: String, sql: [UInt8])] = [
        ("0001_house", PackageResources._001_house_sql),
        ("0002_approvals", PackageResources._002_approvals_sql),
        ("0003_subscriptions", PackageResources._003_subscriptions_sql),
        ("0004_publishing", PackageResources._004_publishing_sql),
        ("0005_ends", PackageResources._005_ends_sql),
        ("0006_lookups", PackageResources._006_lookups_sql),
        ("0007_lists", PackageResources._007_lists_sql),
        ("0008_channels", PackageResources._008_channels_sql),
        ("0009_conversations", PackageResources._009_conversations_sql),
        ("0010_signing_key_renewals", PackageResources._010_signing_key_renewals_sql),
    ]
}
