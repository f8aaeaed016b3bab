using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Rulings;

/// <summary>
/// An operator's word about one module version, in force everywhere until it is taken back.
/// </summary>
/// <param name="Verb">What is ordered.</param>
/// <param name="Module">About which module version.</param>
/// <param name="ZipH1">For <see cref="RulingVerb.Accept"/>, the only <c>h1:</c> that its zip may have; null where nothing is said of it.</param>
/// <param name="GoModH1">The same for go.mod.</param>
/// <param name="By">Who gave the order.</param>
/// <param name="Reason">Why, in his words; shown to whoever is refused.</param>
/// <param name="At">When, UTC. What was stored before an acceptance and does not have its hash is void.</param>
/// <param name="Below">Of a withdrawal, the acceptance that was in force before and is again when it is taken back.</param>
internal sealed record Ruling(
    RulingVerb Verb, ModuleVersion Module, string? ZipH1, string? GoModH1, string By, string Reason, DateTimeOffset At, Ruling? Below = null)
{
    /// <summary>The acceptance that it is or holds, or null.</summary>
    public Ruling? AcceptanceOrNull => Verb == RulingVerb.Accept ? this : Below;

    /// <summary>Is what a record pins, and what it named last at <paramref name="newest"/>, worth nothing under this?</summary>
    public bool Voids(string? zipH1, string? goModH1, DateTimeOffset newest)
    {
        if (AcceptanceOrNull is not { } accepted)
            return false;
        var isOld = newest < accepted.At;
        return IsOther(accepted.ZipH1, zipH1) || IsOther(accepted.GoModH1, goModH1);

        bool IsOther(string? accepted, string? pinned) => accepted is not null && (pinned is null ? isOld : pinned != accepted);
    }
}

/// <summary>What an operator may order of a module version.</summary>
internal enum RulingVerb
{
    /// <summary>Nobody gets it, whoever has it.</summary>
    Withdraw,

    /// <summary>Its content is what hashes so, whatever was pinned before: a tag that was moved on purpose.</summary>
    Accept,
}
