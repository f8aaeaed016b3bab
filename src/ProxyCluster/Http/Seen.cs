namespace ProxyCluster.Http;

/// <summary>What a request was and what became of it, as metric labels.</summary>
internal readonly record struct Seen(string Artifact, string Outcome)
{
    /// <summary>A request that ended without an answer: its client left, or we failed.</summary>
    public static readonly Seen Aborted = new("other", "aborted");

    /// <summary>Whether the bytes of its body were counted as they went out.</summary>
    public bool HasCountedBytes { get; init; }

    /// <summary>Where the bytes of an artifact are from; null where that is not known here.</summary>
    public string? Origin { get; init; }

    /// <summary>Whether the answer ended before its body did.</summary>
    public bool IsCutOff => Outcome is "aborted" or "broken";

    /// <summary>Whether it was a client's, and about modules.</summary>
    public bool IsOfClient => Artifact is not ("other" or "system" or "peer" or "admin");

    /// <summary>
    /// Whether it failed for a reason that another region might not have; an upstream's outage is none, and neither is too
    /// much work, which its clients decide and which would follow them.
    /// </summary>
    public bool IsOwnFailure => Outcome is "store-unavailable" or "peer-unavailable" or "loop-detected" or "broken" or "aborted";

    /// <summary>Whether it came to nothing because something was away, here or upstream.</summary>
    public bool MetOutage => IsOwnFailure || Outcome is "upstream-unavailable" or "upstream-timeout";

    /// <summary>Whether it was turned away, by a limit or at the door, before anything was looked for.</summary>
    public bool IsRefused => Outcome is "overloaded" or "bad-request" or "method" or "refused" or "wrong-login";

    /// <summary>Whether it was a call as members make them, but not a member's.</summary>
    public bool IsUnsigned => this is { Artifact: "peer", Outcome: "refused" };

    /// <summary>Whether the answer was here; null where nothing was looked for here.</summary>
    public bool? WasHere => Outcome switch
    {
        "hit" or "stale" => true,
        "miss" => false,
        _ => null,
    };

    /// <summary>The outcome where it is the cause of a failure; null for answers.</summary>
    public string? FailureCauseOrNull => Outcome is "hit" or "miss" or "stale" or "ok" ? null : Outcome;
}
