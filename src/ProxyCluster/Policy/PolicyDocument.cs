using System.Collections.Immutable;
using System.Net;

namespace ProxyCluster.Policy;

/// <summary>A policy as it is written, parsed and without a mistake.</summary>
/// <param name="Rules">In their order: the first that decides wins.</param>
internal sealed record PolicyDocument(ImmutableArray<PolicyRule> Rules)
{
    /// <summary>Says nothing of anything.</summary>
    public static PolicyDocument Empty { get; } = new([]);
}

/// <summary>One rule.</summary>
/// <param name="Name">Its name, which no other rule of the policy has.</param>
/// <param name="Match">Which questions it is about.</param>
/// <param name="Action">What becomes of them.</param>
internal sealed record PolicyRule(string Name, RuleMatch Match, RuleAction Action)
{
    /// <summary>From when on it counts; null for always.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Until when it counts; null for ever.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>The questions that a rule is about: all that is said must hold, and of several values of one condition one.</summary>
internal sealed record RuleMatch
{
    /// <summary>Modules, in GOPRIVATE's syntax; empty for all.</summary>
    public string Modules { get; init; } = "";

    /// <summary>Versions; empty for all.</summary>
    public ImmutableArray<VersionRange> Versions { get; init; } = [];

    /// <summary>Kinds of versions; none for all.</summary>
    public VersionKinds Kinds { get; init; }

    /// <summary>Kinds of questions; none for all.</summary>
    public AskKinds Queries { get; init; }

    /// <summary>Globs of what a moving reference is called; empty for all questions.</summary>
    public ImmutableArray<string> Refs { get; init; } = [];

    /// <summary>Where the bytes came from; none for everywhere.</summary>
    public Origins Origins { get; init; }

    /// <summary>Globs of namespaces; empty for all clients. No namespace is the empty one, which only the glob <c>-</c> names.</summary>
    public ImmutableArray<string> Namespaces { get; init; } = [];

    /// <summary>Globs of clients' names; empty for all. Clients that have not logged in have none.</summary>
    public ImmutableArray<string> Subjects { get; init; } = [];

    /// <summary>Globs of clients' groups; empty for all.</summary>
    public ImmutableArray<string> Groups { get; init; } = [];

    /// <summary>Networks of clients; empty for all.</summary>
    public ImmutableArray<IPNetwork> Networks { get; init; } = [];

    /// <summary>Regions of the member that answers; empty for all.</summary>
    public ImmutableArray<string> Regions { get; init; } = [];

    /// <summary>Hours of the day; null for all.</summary>
    public DailyHours? Hours { get; init; }

    /// <summary>Days of the week, UTC; empty for all.</summary>
    public ImmutableArray<DayOfWeek> Days { get; init; } = [];

    /// <summary>Advisories about the version; null for all versions, with and without.</summary>
    public AdvisoryCondition? Advisories { get; init; }

    /// <summary>Of how many clients in a hundred, always the same; null for all.</summary>
    public int? Percent { get; init; }
}

/// <summary>What a rule does.</summary>
/// <param name="Verb">In which way.</param>
/// <param name="Text">To block, why; to warn, of what. Empty where nothing is said.</param>
internal sealed record RuleAction(RuleVerb Verb, string Text = "")
{
    /// <summary>What to use in place of what is blocked; null where nothing is said.</summary>
    public string? Instead { get; init; }

    /// <summary>Of a cooldown, for how long a version waits after it was first seen.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Bytes that a zip may have at most.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Of a rewrite, who is asked; of a redirect, the address, with <c>{module}</c> and <c>{version}</c>. Empty otherwise.</summary>
    public string To { get; init; } = "";

    /// <summary>Of a rewrite to <c>direct</c>, the repository's address; null for the one that the module's name leads to.</summary>
    public string? Repository { get; init; }
}

/// <summary>The ways.</summary>
internal enum RuleVerb
{
    /// <summary>Let through, whatever rules behind it say.</summary>
    Allow,

    /// <summary>Refused.</summary>
    Block,

    /// <summary>Said so, and looked at on.</summary>
    Warn,

    /// <summary>Refused until it has been known here for a while, and looked at on then.</summary>
    Cooldown,

    /// <summary>Refused where it is larger, and looked at on otherwise.</summary>
    MaxSize,

    /// <summary>Asked for elsewhere than the list of upstreams says; whoever may have it may have it all the same.</summary>
    Rewrite,

    /// <summary>People who look at its page are sent elsewhere; of what <c>go</c> asks it says nothing.</summary>
    Redirect,
}

/// <summary>Kinds of versions. One that is <c>+incompatible</c> is of another kind besides.</summary>
[Flags]
internal enum VersionKinds
{
    None = 0,
    Release = 1,
    Prerelease = 2,
    Pseudo = 4,
    Incompatible = 8,
}

/// <summary>Kinds of questions.</summary>
[Flags]
internal enum AskKinds
{
    None = 0,

    /// <summary>A module version's files.</summary>
    Version = 1,

    /// <summary>Which versions there are.</summary>
    List = 2,

    /// <summary>The latest, or the latest of a major or minor version.</summary>
    Latest = 4,

    /// <summary>What a branch, or a tag that is no version, stands for now.</summary>
    Moving = 8,

    /// <summary>What a commit is called.</summary>
    Commit = 16,
}

/// <summary>Where stored bytes came from.</summary>
[Flags]
internal enum Origins
{
    None = 0,

    /// <summary>Another module proxy, or a tree of files.</summary>
    Upstream = 1,

    /// <summary>The module's repository.</summary>
    Direct = 2,

    /// <summary>Another member.</summary>
    Peer = 4,
}
