extension SlackFailure {
    /// What Slack's error codes mean, and what can be done about them.
    ///
    /// Sources: the error tables of https://docs.slack.dev/reference/methods/chat.postMessage and of the other methods
    /// that are used. `fatal_error` and `internal_error` say of themselves that a part may have been done.
    static let table: [String: (kind: Kind, help: String)] = [
        "ratelimited": (.rateLimited(retryAfter: defaultRetryAfter), "Slack asked to slow down."),
        "rate_limited": (.rateLimited(retryAfter: defaultRetryAfter), "Slack asked to slow down."),
        "message_limit_exceeded": (
            .rateLimited(retryAfter: defaultRetryAfter), "The workspace has sent too many messages; Slack asks to wait."
        ),

        "fatal_error": (.unknown, "Slack failed in the middle; a part may have been done."),
        "internal_error": (.unknown, "Slack failed in the middle; a part may have been done."),

        "service_unavailable": (.transient, "Slack is not available just now."),
        "request_timeout": (.transient, "Slack did not receive the whole request."),
        "team_added_to_org": (.transient, "The workspace is moving into an organisation; this takes an hour or two."),
        "accesslimited": (.transient, "Slack limits this call on the present network."),
        "org_login_required": (.transient, "The workspace is moving into an organisation."),
        "update_failed": (.transient, "Slack could not change the message just now."),
        "external_channel_migrating": (.transient, "The shared channel is being moved."),
        "ekm_access_denied": (.transient, "The administrators have suspended posting (key management)."),

        "invalid_auth": (.authentication, "The bot token is not valid. Install the app again, or set SLACK_BOT_TOKEN."),
        "not_authed": (.authentication, "No bot token was sent. Install the app, or set SLACK_BOT_TOKEN."),
        "account_inactive": (.authentication, "The app was removed from the workspace. Install it again."),
        "token_revoked": (.authentication, "The bot token was revoked. Install the app again."),
        "token_expired": (.authentication, "The bot token has expired and was not renewed. Install the app again."),
        "invalid_refresh_token": (.authentication, "The refresh token is not valid any more. Install the app again."),
        "invalid_client_id": (.authentication, "SLACK_CLIENT_ID is not the id of an app."),
        "bad_client_secret": (.authentication, "SLACK_CLIENT_SECRET is wrong."),
        "not_allowed_token_type": (.authentication, "The token is no bot token; one that starts with xoxb is needed."),
        "missing_scope": (
            .authentication, "The app lacks a permission. Add it to the app's bot scopes and install it again."
        ),
        "team_access_not_granted": (.authentication, "The app was not granted this workspace of the organisation."),
        "app_not_installed": (.authentication, "The app is not installed in this workspace."),

        "channel_not_found": (
            .permanent, "The channel does not exist, or the app cannot see it: invite it to a private channel."
        ),
        "no_permission": (.permanent, "The app may not write in the channel. Invite it: /invite @Aragora."),
        "not_in_channel": (.permanent, "The app is not in the channel. Invite it: /invite @Aragora."),
        "is_archived": (.permanent, "The channel is archived."),
        "is_inactive": (.permanent, "The channel is frozen."),
        "restricted_action": (.permanent, "The workspace does not let the app post in this channel."),
        "restricted_action_read_only_channel": (.permanent, "The channel is read only."),
        "restricted_action_thread_only_channel": (.permanent, "The channel takes messages in threads alone."),
        "restricted_action_non_threadable_channel": (.permanent, "The channel has no threads."),
        "restricted_action_thread_locked": (.permanent, "The thread is locked."),
        "message_not_found": (.permanent, "The message does not exist any more."),
        "thread_not_found": (.permanent, "The thread does not exist any more."),
        "cant_update_message": (.permanent, "The message is not ours to change."),
        "edit_window_closed": (.permanent, "The workspace allows no edits of messages of this age."),
        "msg_too_long": (.permanent, "The message is too long for Slack."),
        "msg_blocks_too_long": (.permanent, "The message's blocks are too long for Slack."),
        "invalid_blocks": (.permanent, "Slack does not accept the message's blocks."),
        "invalid_blocks_format": (.permanent, "Slack cannot read the message's blocks."),
        "no_text": (.permanent, "The message is empty."),
        "metadata_too_large": (.permanent, "The message's metadata are too large for Slack."),
        "invalid_metadata_format": (.permanent, "Slack cannot read the message's metadata."),
        "user_not_in_channel": (.permanent, "The person is not in the channel, so nothing can be shown to them there."),
        "user_not_found": (.permanent, "The person is not known to the workspace."),
        "messages_tab_disabled": (.permanent, "The app's Messages tab is off: turn it on under App Home."),
        "cannot_dm_bot": (.permanent, "Slack does not let apps write to each other directly."),
        "expired_trigger_id": (.permanent, "Slack lets a form open for three seconds only. Ask for it again."),
        "exchanged_trigger_id": (.permanent, "The form was opened already."),
        "trigger_exchanged": (.permanent, "The form was opened already."),
        "trigger_expired": (.permanent, "Slack lets a form open for three seconds only. Ask for it again."),
        "invalid_trigger_id": (.permanent, "The form cannot be opened from here. Ask for it again."),
        "invalid_arguments": (.permanent, "Slack does not accept the call's arguments."),
        "invalid_code": (.permanent, "The installation code is not valid or was used already. Start again."),
        "code_already_used": (.permanent, "The installation was completed already."),
        "bad_redirect_uri": (.permanent, "SLACK_REDIRECT_URL is not one of the app's redirect URLs."),
        "used_url": (.permanent, "The answer's URL was used up."),
        "expired_url": (.permanent, "The answer's URL has expired."),
    ]
}
