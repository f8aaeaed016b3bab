using System.Text.Json.Serialization;

namespace ProxyCluster.Credentials;

/// <summary>The tokens of a login.</summary>
/// <param name="AccessToken">What proves who we are.</param>
/// <param name="RefreshToken">What gets the next ones; null where the provider gives none.</param>
/// <param name="Since">When they were given.</param>
/// <param name="Until">When the access token ends; null where the provider does not say.</param>
internal sealed record OAuthTokens(string AccessToken, string? RefreshToken, DateTimeOffset Since, DateTimeOffset? Until)
{
    private static readonly TimeSpan MostAhead = TimeSpan.FromMinutes(2);

    /// <summary>Whether the access token has ended.</summary>
    public bool HasEnded(DateTimeOffset now) => now >= Until;

    /// <summary>Whether it is time for the next: a fifth of its life before its end, two minutes at most.</summary>
    public bool IsDue(DateTimeOffset now) => Until is { } until && now >= until - Ahead(until - Since);

    private static TimeSpan Ahead(TimeSpan life) => life / 5 < MostAhead ? life / 5 : MostAhead;

    /// <inheritdoc/>
    public override string ToString() => "(secret)";
}

/// <summary>How tokens are written to disk.</summary>
[JsonSerializable(typeof(OAuthTokens))]
internal sealed partial class OAuthJson : JsonSerializerContext;
