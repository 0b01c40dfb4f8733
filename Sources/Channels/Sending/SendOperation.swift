/// The kinds of effects in the outbox; the raw values are those of the column `operation`, of the metric label, and of
/// the methods in `ChannelLimits.methodsPerMinute`.
package enum SendOperation: String, Sendable, CaseIterable {
    case post, edit, ephemeral, form
}
