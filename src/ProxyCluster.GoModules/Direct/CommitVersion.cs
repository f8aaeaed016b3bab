using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;

namespace ProxyCluster.GoModules.Direct;

/// <summary>
/// What a commit is called as a version of a module: a tag where one counts, else a pseudo-version on the highest tag before
/// it; and whether it may be called what was asked for.
/// </summary>
internal sealed class CommitVersion(
    ModulePlace place,
    IModuleRepository repository,
    RefTable refs,
    RevisionTarget target,
    RepositoryCommit commit,
    string asked,
    Func<CancellationToken, Task<IReadOnlyList<string>>> list)
{
    private const string Incompatible = "+incompatible";

    private readonly IReadOnlyList<string> _tags = refs.TagsOn(commit.Hash);
    private readonly Dictionary<string, bool> _hasGoMod = new(StringComparer.Ordinal);

    public async Task<FoundRevision> FindAsync(CancellationToken cancel)
    {
        // 1. Asked for by a pseudo-version: it must be one that the repository bears out.
        if (PseudoVersion.IsPseudo(asked))
        {
            var named = await CheckAsync(asked, cancel);
            return named.Fault is null && await PseudoFaultOrNullAsync(cancel) is { } fault ? FoundRevision.Absent($"{asked} {fault}") : named;
        }

        // 2. Asked for by its tag.
        if (_tags.Contains(place.RevisionOf(asked)) && place.VersionOf(place.RevisionOf(asked)) is { IsCanonical: true } own
            && await CheckAsync(own.Version!, cancel) is { Fault: null } tagged)
            return tagged;

        // 3. Another tag on it: one that means the same as what was asked for, else the highest.
        var retracted = await ModuleRevisions.RetractedAsync(place, repository, await list(cancel), cancel);
        string? highest = null, basis = null;
        foreach (var (version, isCanonical) in _tags.Select(place.VersionOf))
        {
            if (version is null)
                continue;
            if (asked.Length > 0 && Semver.Compare(version, asked) == 0)
            {
                if (isCanonical)
                    return await CheckAsync(version, cancel);
                basis = version; // ambiguous as a version (v1.0.0+a, v1.0.0+b), but good enough to build on
            }

            if (isCanonical && Semver.Compare(highest, version) < 0 && !retracted(version) && await FitsAsync(version, cancel))
                highest = version;
        }

        if (highest is not null)
            return await CheckAsync(highest, cancel);

        // 4. A pseudo-version, on the highest version before it.
        basis ??= await HighestAsync(_tags, retracted, cancel);
        if (basis is null && refs.TagsFrom(place.TagPrefix + "v").Any())
            basis = await HighestAsync(await repository.TagsUpToAsync(commit.Hash, cancel), retracted, cancel);
        return await CheckAsync(PseudoVersion.Create(place.PseudoMajorOrNull, basis, commit.Second, commit.ShortHash), cancel);
    }

    private async Task<string?> HighestAsync(IEnumerable<string> tags, Func<string, bool> retracted, CancellationToken cancel)
    {
        string? highest = null;
        foreach (var tag in tags)
        {
            if (place.VersionOf(tag).Version is { } version && Semver.Compare(highest, version) < 0 && !retracted(version) && await FitsAsync(version, cancel))
                highest = version;
        }

        return highest;
    }

    private async ValueTask<bool> FitsAsync(string version, CancellationToken cancel) =>
        place.Fits(version) || await MayBeIncompatibleAsync(version, cancel);

    // A go.mod at the root means that the module takes part in versioning by path; one in the major version's directory, that
    // the tags of that major version are for the module there. The second was not always looked at (go issue 51324), so who
    // asks for +incompatible by name still gets it.
    private async ValueTask<bool> MayBeIncompatibleAsync(string version, CancellationToken cancel) =>
        place.MayBeIncompatible
        && !await HasGoModAsync(ModuleFileRules.GoMod, cancel)
        && (asked.EndsWith(Incompatible, StringComparison.Ordinal) || !await HasGoModAsync($"{Semver.Major(version)}/{ModuleFileRules.GoMod}", cancel));

    private async ValueTask<bool> HasGoModAsync(string path, CancellationToken cancel)
    {
        if (!_hasGoMod.TryGetValue(path, out var has))
            _hasGoMod[path] = has = await repository.ReadFileAsync(commit.Hash, path, cancel) is not null;
        return has;
    }

    // Is the commit the module, and may it be called so?
    private async Task<FoundRevision> CheckAsync(string version, CancellationToken cancel)
    {
        // 1. A tag may look like a pseudo-version, and then it is one, of whatever commit it names.
        if (PseudoVersion.IsPseudo(version) && !commit.Hash.StartsWith(place.RevisionOf(version), StringComparison.Ordinal))
            return FoundRevision.Absent($"{version} names another commit than {commit.ShortHash}");

        // 2. The go.mod there says so.
        var (tree, missing) = await ModuleTree.FindAsync(place, repository, commit.Hash, cancel);
        if (tree is null)
            return FoundRevision.Absent($"{version} is no version of {place.Path}: at that commit {missing}");

        // 3. With +incompatible where it is needed, and nowhere else.
        if (version == ModulePlace.WithoutIncompatible(asked))
            version = asked;
        var bare = ModulePlace.WithoutIncompatible(version);
        string? unfit = null;
        if (!place.Fits(bare))
        {
            if (await MayBeIncompatibleAsync(bare, cancel))
                version = bare + Incompatible;
            else
                unfit = place.Path.Major.Length > 0 ? "the path says another major version" : "the module has a go.mod, so its path must say the major version";
        }
        else if (version != bare)
        {
            unfit = "+incompatible is for other major versions than v0 and v1";
        }

        // 4. Who asks for a version must get that one.
        if (Semver.IsCanonical(asked) && ModulePlace.WithoutIncompatible(asked) != bare)
            return FoundRevision.Absent($"{asked} is not a tag of {place.Path}; the commit is {version}");
        return unfit is null
            ? new FoundRevision(new ModuleRevision(version, commit, tree, OriginOf(version)), null)
            : FoundRevision.Absent($"{version} is no version of {place.Path}: {unfit}");
    }

    private RevisionOrigin OriginOf(string version)
    {
        // What a pseudo-version is built on depends on the tags, unless it was asked for as it is and is built on nothing.
        var hasTags = PseudoVersion.IsPseudo(version) && (version != asked || !version.StartsWith("v0.0.0-", StringComparison.Ordinal));
        var prefix = place.Path.Major.Length > 0 ? $"{place.TagPrefix}{place.Path.Major[1..]}." : place.TagPrefix;
        var isByTags = hasTags && refs.HasTagSums;
        return new RevisionOrigin(
            repository.Kind,
            repository.Url,
            place.Directory.Length > 0 ? place.Directory : null,
            commit.IsNumber ? null : commit.Hash,
            isByTags && prefix.Length > 0 ? prefix : null,
            isByTags ? refs.TagSum(prefix) : null,
            target.IsByHash ? null : target.Ref,
            hasTags ? refs.RepoSumOrNull : null);
    }

    // Otherwise everybody could give a commit as many names as he likes, and high ones (spec §6).
    private async Task<string?> PseudoFaultOrNullAsync(CancellationToken cancel)
    {
        // 1. Hash and time.
        var revision = place.RevisionOf(asked);
        if (revision != commit.ShortHash)
            return $"names its commit {revision}, which is {commit.ShortHash}";
        if (!PseudoVersion.TryParse(ModulePlace.WithoutIncompatible(asked), out var pseudo, out var error))
            return $"is no version: {error}";
        if (pseudo.Time != commit.Second)
            return $"has not the commit's time, {commit.Second.UtcDateTime:yyyyMMddHHmmss}";

        // 2. What it is built on: nothing, or a tag before it that is not on it.
        if (pseudo.BaseOrNull is not { } basis)
            return place.Path.Major.Length == 0 && Semver.Major(asked) is "v1" ? "is v1 without a tag before it, which would be v0" : null;
        if (_tags.Contains(place.TagPrefix + basis))
            return $"names a commit that has a tag, {place.TagPrefix}{basis}";
        var found = false;
        foreach (var tag in refs.TagsFrom(place.TagPrefix + basis).Where(tag => Semver.Compare(tag.AsSpan(place.TagPrefix.Length), basis) == 0))
        {
            found = true;
            if (await repository.IsBeforeAsync(tag, commit.Hash, cancel))
                return null;
        }

        return found ? $"is not behind {basis}" : $"is built on {basis}, which is no tag";
    }
}
