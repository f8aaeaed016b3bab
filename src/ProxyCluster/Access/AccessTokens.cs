using Microsoft.Extensions.Options;

namespace ProxyCluster.Access;

/// <summary>The tokens of clients. They ask often, so what was read counts for a second.</summary>
internal sealed class AccessTokens(IOptions<AccessOptions> options, TimeProvider clock, ILogger<AccessTokens> logger)
    : TokenFile<Identity>(options.Value.TokenFile, Read, TimeSpan.FromSeconds(1), clock, logger)
{
    /// <summary>Reads <c>NAME TOKEN GROUP,GROUP…</c>.</summary>
    public static string? Read(string[] words, out Identity? holder, out string token)
    {
        (holder, token) = (null, "");
        if (words.Length is not (2 or 3))
            return "it must be NAME TOKEN or NAME TOKEN GROUP,GROUP…";
        var groups = words.Length == 3 ? words[2].Split(',', StringSplitOptions.RemoveEmptyEntries) : [];
        (holder, token) = (Identity.OrNull(words[0], groups), words[1]);
        return holder is null ? "the name is too long" : holder.Groups.Length < groups.Distinct().Count() ? "the groups are too long" : null;
    }
}
