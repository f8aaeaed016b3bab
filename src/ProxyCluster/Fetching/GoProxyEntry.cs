using ProxyCluster.Credentials;

namespace ProxyCluster.Fetching;

/// <summary>One entry of a GOPROXY list.</summary>
/// <param name="Kind">What the entry names.</param>
/// <param name="Url">Where it is, without userinfo and without a trailing slash; null for the word <c>off</c>.</param>
/// <param name="PassesAnyFailure">
/// True when <c>|</c> follows: any failure moves on to the next entry. Otherwise only proven absence does (spec §3).
/// </param>
internal sealed record GoProxyEntry(GoProxyEntryKind Kind, Uri? Url, bool PassesAnyFailure)
{
    /// <summary>Name and password from the URL, or null. Kept apart from <see cref="Url"/> so that no log can show it.</summary>
    public Login? Login { get; init; }

    /// <summary>What was written after the scheme, userinfo aside, without a trailing slash: what a netrc machine is held against.</summary>
    public string Address { get; init; } = "";

    /// <summary>Where requests to it go, and with which login.</summary>
    public NamedPlace Place(Logins logins) => new(logins, Url!, Address, Login);

    /// <summary>The entry as it may be shown: in logs, metrics, records and failures. Never holds userinfo.</summary>
    public string DisplayName => Kind switch
    {
        GoProxyEntryKind.Off => "off",
        GoProxyEntryKind.File => "file://" + Url!.AbsolutePath.TrimEnd('/'),
        _ => Url!.AbsoluteUri.TrimEnd('/'),
    };

    /// <inheritdoc/>
    public override string ToString() => DisplayName;
}
