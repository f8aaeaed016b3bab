using System.Text;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// The versions of one module in its repository, as the <c>go</c> command finds them there (spec §6): which tags count, what
/// a branch or a commit is called, and which names are no versions.
/// <para>
/// Every rule is go's, those that one would not guess among them: what a version is called decides what is fetched, and a
/// name that another proxy would give a commit is another entry in everybody's go.sum. Where go's answer depends on what its
/// cache happens to hold, this is the answer of an empty cache.
/// </para>
/// </summary>
public sealed class ModuleRevisions(ModulePlace place, IModuleRepository repository)
{
    private const string Incompatible = "+incompatible";

    /// <summary>Where the module lies.</summary>
    public ModulePlace Place => place;

    /// <summary>The tagged versions, ascending; <c>+incompatible</c> ones behind the others.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancel)
    {
        // gopkg.in's unstable modules are told apart from the others by having no tags.
        if (place.Path.Major.EndsWith("-unstable", StringComparison.Ordinal))
            return [];

        var refs = await repository.ReadRefsAsync(cancel);
        var versions = refs.TagsFrom(place.TagPrefix).Select(tag => tag[place.TagPrefix.Length..])
            .Where(static version => Semver.IsCanonical(version) && Semver.Build(version).IsEmpty && !PseudoVersion.IsPseudo(version))
            .Order(Semver.Order)
            .ToLookup(place.Fits);
        var list = versions[true].ToList();
        if (!place.MayBeIncompatible || !versions[false].Any() || (list.Count > 0 && await HasGoModAsync(refs, list[^1], cancel)))
            return list;

        foreach (var major in versions[false].GroupBy(static version => Semver.Major(version).ToString(), StringComparer.Ordinal))
        {
            if (!await HasGoModAsync(refs, major.Last(), cancel))
                list.AddRange(major.Select(static version => version + Incompatible));
        }

        return list;
    }

    /// <summary>The version that a client gets who asks for none: the highest that is not retracted, else one of the default branch.</summary>
    public async Task<FoundRevision> LatestAsync(CancellationToken cancel) =>
        await HighestOrNullAsync(static _ => true, cancel) is { } highest ? await FindAsync(highest, cancel) : await FindAsync("", cancel);

    /// <summary>
    /// The highest version that begins so (<c>v1</c>, <c>v1.2</c>), releases before prereleases; those of the lowest such version
    /// come before what was asked for, and do not count.
    /// </summary>
    public async Task<FoundRevision> FindHighestAsync(string beginning, CancellationToken cancel) =>
        await HighestOrNullAsync(
            version => version.StartsWith(beginning + ".", StringComparison.Ordinal) && Semver.Compare(version, beginning) >= 0, cancel) is { } highest
            ? await FindAsync(highest, cancel)
            : FoundRevision.Absent($"no version of {place.Path} begins with {beginning}");

    /// <summary>
    /// The version that a tag, branch, commit or version means; empty for the tip of the default branch.
    /// </summary>
    public async Task<FoundRevision> FindAsync(string asked, CancellationToken cancel)
    {
        // 1. The commit.
        var refs = await repository.ReadRefsAsync(cancel);
        var target = asked.Length > 0 ? refs.Find(place.RevisionOf(asked)) : refs.Head;
        if (target.Hash is null)
            return FoundRevision.Absent(asked.Length > 0 ? $"the repository has no {place.RevisionOf(asked)}" : "the repository is empty");
        if (target.IsAmbiguous)
            return FoundRevision.Ambiguous($"more than one commit begins with {target.Hash}");
        if (await repository.FindCommitAsync(target, cancel) is not { } commit)
            return FoundRevision.Absent($"the repository has no commit {place.RevisionOf(asked)}");

        // 2. Its version.
        return await new CommitVersion(place, repository, refs, target, commit, asked, ListAsync).FindAsync(cancel);
    }

    private async Task<string?> HighestOrNullAsync(Func<string, bool> isAsked, CancellationToken cancel)
    {
        var list = await ListAsync(cancel);
        var retracted = await RetractedAsync(place, repository, list, cancel);
        return list
            .Where(version => isAsked(version) && !retracted(version))
            .GroupBy(static version => Semver.Prerelease(version).Length > 0)
            .MinBy(static group => group.Key)?
            .Max(Semver.Order);
    }

    /// <summary>What the go.mod of the highest version takes back; nothing where it cannot be read.</summary>
    internal static async Task<Func<string, bool>> RetractedAsync(
        ModulePlace place, IModuleRepository repository, IReadOnlyList<string> list, CancellationToken cancel)
    {
        var compatible = list.TakeWhile(static version => !version.EndsWith(Incompatible, StringComparison.Ordinal)).ToList();
        var highest = compatible.LastOrDefault(static version => Semver.Prerelease(version).IsEmpty) ?? compatible.LastOrDefault();
        if (highest is null)
            return static _ => false;

        var refs = await repository.ReadRefsAsync(cancel);
        if (await repository.FindCommitAsync(refs.Find(place.RevisionOf(highest)), cancel) is not { } commit
            || (await ModuleTree.FindAsync(place, repository, commit.Hash, cancel)).Tree is not { GoMod: { } goMod })
            return static _ => false;

        var retractions = GoModFile.Retractions(goMod);
        return version => retractions.Any(one => Semver.Compare(one.Low, version) <= 0 && Semver.Compare(version, one.High) <= 0);
    }

    private async Task<bool> HasGoModAsync(RefTable refs, string version, CancellationToken cancel) =>
        await repository.FindCommitAsync(refs.Find(version), cancel) is { } commit
        && await repository.ReadFileAsync(commit.Hash, ModuleFileRules.GoMod, cancel) is not null;
}

/// <summary>What became of a question for a revision: found, or why not.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Fault">Why there is none, in a sentence.</param>
/// <param name="IsAmbiguous">It is not absent: the question was too short.</param>
public readonly record struct FoundRevision(ModuleRevision? Revision, string? Fault, bool IsAmbiguous = false)
{
    /// <summary>The repository has none.</summary>
    public static FoundRevision Absent(string fault) => new(null, fault);

    /// <summary>It has several.</summary>
    public static FoundRevision Ambiguous(string fault) => new(null, fault, true);
}

/// <summary>A version of a module in its repository.</summary>
/// <param name="Version">Its canonical name.</param>
/// <param name="Commit">Where it is.</param>
/// <param name="Tree">Where its files are there.</param>
/// <param name="Origin">How that was found out, for clients that want to know whether it still holds.</param>
public sealed record ModuleRevision(string Version, RepositoryCommit Commit, ModuleTree Tree, RevisionOrigin Origin)
{
    /// <summary>The go.mod, which of a module without one says no more than its path.</summary>
    public byte[] GoModOf(ModulePath path) => Tree.GoMod ?? Encoding.UTF8.GetBytes($"module {path}\n");
}
