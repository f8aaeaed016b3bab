using System.Text;
using ProxyCluster.GoModules.Direct;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>What is asked of repositories, how often, and what becomes of it when they do not answer.</summary>
public sealed class DirectModulesTests : IDisposable
{
    private static readonly ModulePath Lib = ModulePath.Parse("github.com/t/lib");

    private readonly List<DirectWorld> _worlds = [];
    private int _calls;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Repository_AskedByManyAtOnce_IsAskedOnceAndFetchedOnce()
    {
        var world = World();
        MakeLib().Make(world.Repositories);

        var zips = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation))));

        Assert.All(zips, static zip => Assert.Null(zip.Failure));
        Assert.Equal(2, _calls);
        foreach (var zip in zips)
            await zip.Value.Body!.DisposeAsync();
        Assert.Empty(Directory.EnumerateFiles(world.Tree.Temporary));
    }

    [Fact]
    public async Task Version_InTheMirror_IsGivenWithoutTheRepository()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Info, Cancellation)).Failure);
        var calls = _calls;
        Directory.Delete(directory, recursive: true);

        foreach (var kind in (ArtifactKind[])[ArtifactKind.Mod, ArtifactKind.Zip])
        {
            var answer = await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), kind, Cancellation);
            Assert.Null(answer.Failure);
            await answer.Value.Body!.DisposeAsync();
        }

        Assert.Equal(calls, _calls);
    }

    // Its scheme is found out by asking, and that it is known already must not cost another question.
    [Fact]
    public async Task Version_OfAQualifiedPath_IsGivenWithoutTheRepositoryToo()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var module = new ModuleVersion(ModulePath.Parse("git.test/lib.git"), "v1.0.0");
        new ScriptedRepository("git.test/lib").Commit(("go.mod", "module git.test/lib.git\n")).Tag("v1.0.0").Make(world.Repositories);
        Assert.Null((await world.Modules.ArtifactAsync(module, ArtifactKind.Info, Cancellation)).Failure);
        var calls = _calls;

        Assert.Null((await world.Modules.ArtifactAsync(module, ArtifactKind.Mod, Cancellation)).Failure);

        Assert.Equal(calls, _calls);
    }

    [Fact]
    public async Task Tag_ThatCame_IsListedAndFetchedOnTopOfWhatIsThere()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        Assert.Equal("v1.0.1-0.", (await VersionAsync(world, "main"))[..9]); // all of its history
        ScriptedRepository.Git(null, "-C", directory, "tag", "v1.3.0", "main");
        ScriptedRepository.Git(null, "-C", directory, "branch", "other", "v1.0.0");

        Assert.Equal("v1.0.0 v1.3.0", (await ReadAsync(world.Modules.ListAsync(Lib, Cancellation))).Trim().Replace('\n', ' '));
        Assert.Equal("v1.3.0", await VersionAsync(world, "main"));
        Assert.Equal("v1.0.0", await VersionAsync(world, "other"));
    }

    // A branch that is now a directory of branches, and a tag that moved: names are the repository's to give.
    [Fact]
    public async Task Names_ThatChangedTheirMeaning_AreFollowed()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Branch("dev").Make(world.Repositories);
        await VersionAsync(world, "main");
        ScriptedRepository.Git(null, "-C", directory, "branch", "-D", "dev");
        ScriptedRepository.Git(null, "-C", directory, "branch", "dev/new", "main");
        ScriptedRepository.Git(null, "-C", directory, "tag", "-f", "v1.0.0", "main");

        Assert.Equal("v1.0.0", await VersionAsync(world, "main"));
    }

    [Fact]
    public async Task Tag_ThatMovedToACommitThatIsHere_IsOneCommitForAllFiles()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        await VersionAsync(world, "main"); // all of its history
        ScriptedRepository.Git(null, "-C", directory, "tag", "-f", "v1.0.0", "main");

        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Info, Cancellation)).Failure);
        var zip = await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation);

        Assert.Null(zip.Failure);
        using var files = new System.IO.Compression.ZipArchive(zip.Value.Body!);
        Assert.Contains(files.Entries, static entry => entry.Name == "b.go");
    }

    [Fact]
    public async Task Mirror_RemovedSinceItsVersionWasFound_IsFetchedAnew()
    {
        var world = World(static options => options.FreshFor = TimeSpan.FromHours(1));
        MakeLib().Make(world.Repositories);
        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Info, Cancellation)).Failure);
        Directory.Delete(MirrorOf(world), recursive: true);

        var zip = await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation);

        Assert.Null(zip.Failure);
        await zip.Value.Body!.DisposeAsync();
    }

    [Fact]
    public async Task Mirror_RemovedWhileItIsRead_IsNoAbsence()
    {
        var world = World();
        MakeLib().Make(world.Repositories);
        Assert.True(new UrlRewrites(world.Options.Rewrites).TryFind(RepositorySchemes.Git, "https://github.com/t/lib", true, out var address, out _));
        var place = ModulePlace.FindOrNull(Lib, KnownHosts.FindOrNull(Lib, out _)!, out _)!;
        var repository = new GitRepository(world.Mirrors, address, false, place, world.Tree);
        var refs = await repository.ReadRefsAsync(Cancellation);
        var commit = await repository.FindCommitAsync(refs.Find("v1.0.0"), Cancellation);
        Directory.Delete(MirrorOf(world), recursive: true);

        var failure = await Assert.ThrowsAsync<RepositoryException>(() => repository.ReadFileAsync(commit!.Hash, "LICENSE", Cancellation));

        Assert.True(failure.IsOfMirror);
    }

    [Fact]
    public async Task Mirror_ThatIsRead_IsUsed()
    {
        var world = World();
        MakeLib().Make(world.Repositories);
        await VersionAsync(world, "v1.0.0");
        var used = Path.Combine(MirrorOf(world), MirrorKeeper.UsedName);
        File.SetLastWriteTimeUtc(used, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Mod, Cancellation)).Failure);

        Assert.NotEqual(2020, File.GetLastWriteTimeUtc(used).Year);
    }

    // Two commits whose names begin alike, found by trying.
    [Fact]
    public async Task Hash_ThatSeveralCommitsBeginWith_IsAmbiguousAndTheMirrorStays()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        var tree = ScriptedRepository.Git(null, "-C", directory, "rev-parse", "main^{tree}").Trim();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        var (digits, one, other) = ("", "", "");
        for (var i = 0; digits.Length == 0; i++)
        {
            var text = $"tree {tree}\nauthor x <x@example.com> {i} +0000\ncommitter x <x@example.com> {i} +0000\n\nx\n";
#pragma warning disable CA5350 // git's names
            var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA1.HashData(Encoding.UTF8.GetBytes($"commit {text.Length}\0{text}")))[..7];
#pragma warning restore CA5350
            if (!seen.TryAdd(hash, text))
                (digits, one, other) = (hash, seen[hash], text);
        }

        foreach (var (i, text) in ((string[])[one, other]).Index())
        {
            var file = Path.Combine(directory, $"commit{i}");
            File.WriteAllText(file, text);
            var commit = ScriptedRepository.Git(null, "-C", directory, "hash-object", "-t", "commit", "-w", file).Trim();
            var next = ScriptedRepository.Git(null, "-C", directory, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit-tree", "-p", commit, "-m", "x", tree).Trim();
            ScriptedRepository.Git(null, "-C", directory, "update-ref", $"refs/heads/b{i}", next);
        }

        await VersionAsync(world, "main"); // all of its history
        var mirror = MirrorOf(world);
        var made = Directory.GetCreationTimeUtc(mirror);
        Assert.True(VersionQuery.TryParse(Lib, digits, out var query, out _));

        var failure = (await world.Modules.QueryAsync(query, Cancellation)).Failure;

        Assert.Equal(FailureKind.BadRequest, failure?.Kind);
        Assert.Equal(made, Directory.GetCreationTimeUtc(mirror));
    }

    // A git that was killed leaves its locks, and half of a pack.
    [Fact]
    public async Task Mirror_OfAGitThatWasKilled_GoesOn()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        await VersionAsync(world, "main");
        var mirror = MirrorOf(world);
        foreach (var name in (string[])["packed-refs.lock", "shallow.lock", "HEAD.lock", "config.lock", "refs/tags/v1.3.0.lock", "objects/pack/tmp_pack_x"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(mirror, name))!);
            File.WriteAllText(Path.Combine(mirror, name), "");
        }

        ScriptedRepository.Git(null, "-C", directory, "tag", "v1.3.0", "main");
        ScriptedRepository.Git(null, "-C", directory, "tag", "-d", "v1.0.0");

        Assert.Equal("v1.3.0", await VersionAsync(world, "main"));
        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.3.0"), ArtifactKind.Mod, Cancellation)).Failure);
        ScriptedRepository.Git(null, "-C", directory, "update-ref", "refs/heads/new", ScriptedRepository.Git(null, "-C", directory, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit-tree", "-m", "x", "main^{tree}").Trim());
        Assert.Equal("v0.0.0-", (await VersionAsync(world, "new"))[..7]);
        Assert.Empty(Directory.EnumerateFiles(mirror, "*.lock", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("HEAD", "")]
    [InlineData("config", "[core\n")]
    [InlineData("objects", null)]
    public async Task Mirror_ThatIsDamaged_IsFetchedAnew(string name, string? content)
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        MakeLib().Make(world.Repositories);
        var before = await VersionAsync(world, "main");
        var mirror = MirrorOf(world);
        if (content is not null)
            File.WriteAllText(Path.Combine(mirror, name), content);
        foreach (var pack in content is null ? Directory.EnumerateFiles(Path.Combine(mirror, name), "*", SearchOption.AllDirectories) : [])
            File.WriteAllText(pack, "damaged");

        Assert.Equal(before, await VersionAsync(world, "main"));
        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation)).Failure);
    }

    [Theory]
    [InlineData("https://127.0.0.1:1/", FailureKind.UpstreamUnavailable)] // nobody listens
    [InlineData("ssh://git@127.0.0.1:1/", FailureKind.UpstreamUnavailable)]
    [InlineData("file:///nowhere/", FailureKind.UpstreamUnavailable)]
    public async Task Repository_ThatDoesNotAnswer_IsAnOutage(string to, FailureKind expected)
    {
        var world = World(options => options.Rewrites = [$"https://github.com/={to}"]);

        var failure = (await world.Modules.ListAsync(Lib, Cancellation)).Failure;

        Assert.Equal(expected, failure?.Kind);
        Assert.False(failure!.IsProvenAbsence);
    }

    [Theory]
    [InlineData(System.Net.Sockets.SocketError.HostNotFound, false, FailureKind.NotFound)]
    [InlineData(System.Net.Sockets.SocketError.HostNotFound, true, FailureKind.UpstreamUnavailable)]
    [InlineData(System.Net.Sockets.SocketError.TryAgain, false, FailureKind.UpstreamUnavailable)]
    [InlineData(System.Net.Sockets.SocketError.ConnectionRefused, false, FailureKind.UpstreamUnavailable)]
    [InlineData(null, false, FailureKind.UpstreamUnavailable)]
    public void Host_ThatDoesNotExist_IsAbsentUnlessItIsOurs(System.Net.Sockets.SocketError? error, bool mayBeInside, FailureKind expected) =>
        Assert.Equal(expected, RepositoryGuard.KindOf(error, mayBeInside));

    // One that hides what is private says the same of that.
    [Theory]
    [InlineData("none", FailureKind.NotFound)]
    [InlineData("github.com", FailureKind.Blocked)]
    public async Task Repository_ThatItsHostDoesNotKnow_IsAbsentUnlessItIsOurs(string inside, FailureKind expected)
    {
        using var host = new PlainProxy(static _ => null);
        var world = World(options => (options.Rewrites, options.Inside) = ([$"https://github.com/={host.Url}/"], inside));

        Assert.Equal(expected, (await world.Modules.ListAsync(Lib, Cancellation)).Failure?.Kind);
    }

    [Theory]
    [InlineData("github.com/t")]
    [InlineData("github.com/t/x.git")]
    [InlineData("github.com/t/~x/y")]
    [InlineData("vanity.test/nothing")]
    [InlineData("vanity.test/lies/none")]
    public async Task Path_ThatNamesNoRepository_IsAbsentWithoutGit(string path)
    {
        var world = World();

        Assert.Equal(FailureKind.NotFound, (await world.Modules.ListAsync(ModulePath.Parse(path), Cancellation)).Failure?.Kind);
        Assert.Equal(0, _calls);
    }

    [Fact]
    public async Task Repository_OfAnotherKind_IsRefusedInASentence()
    {
        var failure = (await World().Modules.ListAsync(ModulePath.Parse("git.test/x.fossil"), Cancellation)).Failure;
        Assert.Equal(FailureKind.NotSupported, failure?.Kind);
        Assert.Equal("git.test/x.fossil is kept in fossil, and modules are fetched from git, Mercurial (hg) and Subversion (svn) only", failure!.Message);
    }

    [Fact]
    public async Task Repository_ThatOneSchemeDoesNotKnowAndAnotherDoesNotReach_IsNoAbsence()
    {
        using var host = new PlainProxy(static _ => null);
        var world = World(options => (options.Rewrites, options.Inside) =
            ([$"https://git.test/={host.Url}/", "git+ssh://git.test/=ssh://git@127.0.0.1:1/", "ssh://git.test/=ssh://git@127.0.0.1:1/"], "none"));

        Assert.Equal(FailureKind.UpstreamUnavailable, (await world.Modules.ListAsync(ModulePath.Parse("git.test/lib.git"), Cancellation)).Failure?.Kind);
    }

    // The one fails, the others are well: only that a host cannot be found or connected to says something of all.
    [Theory]
    [InlineData("fatal: unable to access 'https://git.test/x/': Could not resolve host: git.test", true)]
    [InlineData("fatal: unable to access 'https://git.test/x/': Failed to connect to git.test port 443 after 3 ms: Couldn't connect to server", true)]
    [InlineData("ssh: connect to host git.test port 22: Connection refused", true)]
    [InlineData("fatal: unable to access 'https://git.test/x/': The requested URL returned error: 500", false)]
    [InlineData("fatal: https://git.test/x/info/refs not valid: is this a git repository?", false)]
    public void Failure_OfOneRepository_IsOfItsHostOnlyWhereThatIsNotReached(string said, bool isOfHost) =>
        Assert.Equal(isOfHost, GitFailures.SaysUnreachable(new ProgramResult(128, [], said)));

    [Fact]
    public async Task Git_ThatIsNotThere_IsSaid()
    {
        var failure = (await World(static options => options.Git = "/nowhere/git").Modules.ListAsync(Lib, Cancellation)).Failure;
        Assert.False(failure?.IsProvenAbsence);
        Assert.Contains("/nowhere/git", failure?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("v1.0.0+incompatible")]
    [InlineData("v9.0.0+incompatible")]
    public async Task Version_ThatTheRepositoryDoesNotHave_IsAbsent(string version)
    {
        var world = World();
        MakeLib().Make(world.Repositories);
        Assert.Equal(FailureKind.NotFound, (await world.Modules.ArtifactAsync(new(Lib, version), ArtifactKind.Zip, Cancellation)).Failure?.Kind);
    }

    [Fact]
    public async Task Mirrors_PastTheirBound_GoWithTheLongestUnused()
    {
        var world = World(static options => options.MaxBytes = 1L << 20);
        var other = ModulePath.Parse("github.com/t/other");
        MakeLib().Make(world.Repositories);
        var noise = new byte[900_000];
        new Random(1).NextBytes(noise);
        new ScriptedRepository("github.com/t/other").Commit("main", null, [("x", "100644", noise)]).Tag("v1.0.0").Make(world.Repositories);
        new ScriptedRepository("github.com/t/third").Commit("main", null, [("y", "100644", noise)]).Tag("v1.0.0").Make(world.Repositories);
        foreach (var (age, path) in (ModulePath[])[Lib, other, ModulePath.Parse("github.com/t/third")] is var paths ? paths.Index() : [])
        {
            Assert.Null((await world.Modules.ArtifactAsync(new(path, "v1.0.0"), ArtifactKind.Mod, Cancellation)).Failure);
            var used = Directory.EnumerateFiles(world.Tree.Repositories, MirrorKeeper.UsedName, SearchOption.AllDirectories).Single(file => File.ReadAllText(file).Contains(path.Value, StringComparison.Ordinal));
            File.SetLastWriteTimeUtc(used, new DateTime(2020, 1, 1 + age, 0, 0, 0, DateTimeKind.Utc));
        }

        await world.Keeper.LookAsync(Cancellation);

        var left = Directory.EnumerateFiles(world.Tree.Repositories, MirrorKeeper.UsedName, SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        Assert.Equal(["https://github.com/t/third\n"], left);
        Assert.Null((await world.Modules.ArtifactAsync(new(other, "v1.0.0"), ArtifactKind.Mod, Cancellation)).Failure); // fetched again
    }

    // Somebody else may remove a mirror while it is looked at.
    [Fact]
    public async Task Mirror_ThatHasGoneHalfway_KeepsTheOthersBoundAllTheSame()
    {
        var world = World();
        MakeLib().Make(world.Repositories);
        await VersionAsync(world, "v1.0.0");
        Directory.Delete(Path.Combine(MirrorOf(world), "objects"), recursive: true);
        File.SetLastWriteTimeUtc(Path.Combine(MirrorOf(world), MirrorKeeper.UsedName), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        await world.Keeper.LookAsync(Cancellation);

        Assert.Equal("v1.0.0", await VersionAsync(world, "v1.0.0"));
    }

    public void Dispose() => _worlds.ForEach(static world => world.Dispose());

    private static ScriptedRepository MakeLib() =>
        new ScriptedRepository("github.com/t/lib").Commit(("go.mod", "module github.com/t/lib\n"), ("a.go", "package a\n")).Tag("v1.0.0").Commit(("b.go", "package a\n"));

    private static string MirrorOf(DirectWorld world) =>
        Directory.EnumerateDirectories(world.Tree.Repositories).Single(static path => Path.GetFileName(path) != "home");

    private DirectWorld World(Action<DirectOptions>? configure = null)
    {
        // A login is asked for once for every command that goes to the network.
        var world = new DirectWorld(
            options =>
            {
                options.Inside = "*";
                configure?.Invoke(options);
            },
            new ScriptedPages(DirectCases.PageOrNull),
            (_, _) =>
        {
            Interlocked.Increment(ref _calls);
            return ValueTask.FromResult<GitLogin?>(null);
        });
        _worlds.Add(world);
        return world;
    }

    private static async Task<string> VersionAsync(DirectWorld world, string name)
    {
        Assert.True(VersionQuery.TryParse(Lib, name, out var query, out _));
        Assert.True(VersionInfo.TryParse(Encoding.UTF8.GetBytes(await ReadAsync(world.Modules.QueryAsync(query, Cancellation))), out var info, out _));
        return info.Version;
    }

    private static async Task<string> ReadAsync(Task<Outcome<DirectAnswer>> asking)
    {
        var answer = await asking;
        Assert.Null(answer.Failure);
        using var reader = new StreamReader(answer.Value.Body!);
        return await reader.ReadToEndAsync(Cancellation);
    }
}
