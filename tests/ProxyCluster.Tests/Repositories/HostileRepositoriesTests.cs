using System.Net;
using System.Net.Sockets;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// Repositories and pages of somebody who means harm: refused with a cause, nothing run, nothing left behind. Harmless forms:
/// what would run makes a file, and there must be none.
/// </summary>
public sealed class HostileRepositoriesTests : IDisposable
{
    private static readonly ModulePath Lib = ModulePath.Parse("github.com/t/lib");

    private readonly List<DirectWorld> _worlds = [];
    private readonly string _proof = Path.Combine(Path.GetTempPath(), $"proxycluster-ran-{Guid.NewGuid():N}");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ext::sh -c touch% PROOF")]
    [InlineData("ext://sh -c touch PROOF")]
    [InlineData("file:///etc")]
    [InlineData("http://git.test/v/plain")]
    [InlineData("git://git.test/v/plain")]
    [InlineData("https://--upload-pack=touch/x")]
    [InlineData("ssh://-oProxyCommand=touch/x")]
    [InlineData("--upload-pack=touch PROOF")]
    [InlineData("/etc")]
    public async Task Page_ThatNamesSomethingElseThanARepository_IsRefused(string url)
    {
        var named = url.Replace("PROOF", _proof, StringComparison.Ordinal).Replace(" ", "&#32;", StringComparison.Ordinal);
        var world = World(pages: new ScriptedPages(_ => $"<meta name=\"go-import\" content=\"vanity.test/x git {named}\">"));

        var failure = (await world.Modules.ListAsync(ModulePath.Parse("vanity.test/x"), Cancellation)).Failure;

        Assert.NotNull(failure);
        Assert.Contains(failure.Kind, (FailureKind[])[FailureKind.Blocked, FailureKind.NotFound]);
        AssertNothingIsThere(world);
    }

    [Theory]
    [InlineData("127.0.0.1/x")]
    [InlineData("127.0.0.1/x.git")]
    [InlineData("10.0.0.1/x.git/sub")]
    [InlineData("169.254.169.254/latest")]
    public async Task Path_ThatLeadsInside_IsRefused(string path)
    {
        var world = World(pages: null);

        var failure = (await world.Modules.ListAsync(ModulePath.Parse(path), Cancellation)).Failure;

        Assert.Equal(FailureKind.Blocked, failure?.Kind);
        AssertNothingIsThere(world);
    }

    [Fact]
    public async Task Page_ThatLeadsInside_IsRefused()
    {
        var world = World(pages: new ScriptedPages(static _ => "<meta name=\"go-import\" content=\"vanity.test/x git https://127.0.0.1:1/x\">"));
        Assert.Equal(FailureKind.Blocked, (await world.Modules.ListAsync(ModulePath.Parse("vanity.test/x"), Cancellation)).Failure?.Kind);
    }

    // What is at FROM is the operator's: by a page of somebody else nobody gets there.
    [Fact]
    public async Task Page_ThatNamesARewrittenRepository_IsNotLedThere()
    {
        var world = World(pages: new ScriptedPages(static _ => "<meta name=\"go-import\" content=\"vanity.test/x git https://git.test/x\">"));
        new ScriptedRepository("git.test/x").Commit(("go.mod", "module vanity.test/x\n")).Tag("v1.0.0").Make(world.Repositories);

        Assert.NotNull((await world.Modules.ListAsync(ModulePath.Parse("vanity.test/x"), Cancellation)).Failure);
    }

    [Theory]
    [InlineData("https://git.test/x/y", true, "file:///repositories/x/y")]
    [InlineData("https://git.test/x/../y", true, null)]
    [InlineData("https://git.test/./y", true, null)]
    [InlineData("https://git.test/x/%2e%2e/y", true, null)]
    [InlineData("https://git.test/x/y", false, "https://git.test/x/y")]
    public void Rewrite_OfAnAddress_StaysWhereItLeads(string url, bool mayRewrite, string? expected)
    {
        new UrlRewrites(["https://git.test/=file:///repositories/"]).TryFind(RepositorySchemes.Git, url, mayRewrite, out var address, out _);
        Assert.Equal((expected, expected is not null && mayRewrite), (address?.Asked, address?.IsRewritten ?? false));
    }

    // Git's own hooks on fetch; a mirror holds none, but somebody may have put one there.
    [Fact]
    public async Task Hook_InTheMirror_IsNotRun()
    {
        var world = World(static options => options.FreshFor = TimeSpan.Zero);
        var directory = MakeLib().Make(world.Repositories);
        Assert.Null((await world.Modules.ListAsync(Lib, Cancellation)).Failure);
        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Mod, Cancellation)).Failure);
        var mirror = Directory.EnumerateDirectories(world.Tree.Repositories).Single(static path => Path.GetFileName(path) != "home");
        Directory.CreateDirectory(Path.Combine(mirror, "hooks"));
        ShellScript.Write(Path.Combine(mirror, "hooks", "reference-transaction"), $"touch {_proof}");
        ScriptedRepository.Git(null, "-C", directory, "tag", "v1.1.0", "main");

        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.1.0"), ArtifactKind.Mod, Cancellation)).Failure);

        Assert.False(File.Exists(_proof));
    }

    [Fact]
    public void Environment_OfGit_HoldsNothingOfTheMachine()
    {
        var environment = GitEnvironment.Of("/home", null, null, static name => $"mine:{name}");

        Assert.DoesNotContain("mine:GIT_CONFIG_GLOBAL", environment.Values);
        Assert.DoesNotContain("mine:HOME", environment.Values);
        Assert.Equal("/dev/null", environment["GIT_CONFIG_GLOBAL"]);
        Assert.Equal("none", environment["GIT_ALLOW_PROTOCOL"]);
        Assert.DoesNotContain(environment.Keys, static name => name.StartsWith("GIT_TRACE", StringComparison.Ordinal) || name is "GIT_PROXY_COMMAND" or "GIT_EXTERNAL_DIFF" or "GIT_SSH");
    }

    [Fact]
    public void Environment_OfACallWithALogin_HoldsItAndTakesItNowhereElse()
    {
        var address = new UrlRewrites([]).TryFind(RepositorySchemes.Git, "https://git.test/x", true, out var found, out _) ? found : throw new InvalidOperationException();
        var login = new GitLogin([new("http.extraHeader", "Authorization: Basic c2VjcmV0")]);

        var environment = GitEnvironment.Of("/home", null, new GitCall(address, login, null), static _ => null);

        Assert.Contains("Authorization: Basic c2VjcmV0", environment.Values);
        var redirects = environment.Single(static pair => pair.Value == "http.followRedirects").Key;
        Assert.Equal("false", environment[redirects.Replace("KEY", "VALUE", StringComparison.Ordinal)]);
        Assert.Equal("https", environment["GIT_ALLOW_PROTOCOL"]);
    }

    // The pages' own rules keep most of these from the guard; it refuses them all the same.
    [Theory]
    [InlineData("ext::sh -c touch% PROOF")]
    [InlineData("ext://sh -c touch PROOF")]
    [InlineData("ext://sh/x")]
    [InlineData("https://git.test/x y")]
    [InlineData("--upload-pack=touch PROOF")]
    [InlineData("file:///etc")]
    [InlineData("http://git.test/x")]
    [InlineData("https://--upload-pack=touch/x")]
    [InlineData("ssh://-oProxyCommand=touch/x")]
    [InlineData("ssh://-x@git.test/x")]
    [InlineData("ssh://[fe80::1%25$(x)]/x")]
    [InlineData("ssh://[fe80::1%eth0]/x")]
    [InlineData("ssh://[fe80::1%25eth0]/x")]
    [InlineData("https://git%2etest/x")]
    [InlineData(@"https://git.test\@other.test/x")]
    public void Guard_GivenSomethingElseThanARepository_Refuses(string url)
    {
        Assert.False(new UrlRewrites([]).TryFind(RepositorySchemes.Git, url, true, out var address, out var fault));
        Assert.Null(address);
        Assert.NotEmpty(fault);
    }

    [Fact]
    public void Environment_OfSsh_QuotesAndHoldsNothingOfTheAccount()
    {
        Assert.True(new UrlRewrites([]).TryFind(RepositorySchemes.Git, "ssh://git.test/x", true, out var address, out _));
        var call = new GitCall(address, null, IPAddress.Parse("2001:db8::1")) { KnownHosts = "/it's known" };

        var asNobody = GitEnvironment.Of("/home", null, call, static _ => null)["GIT_SSH_COMMAND"];
        var withKey = GitEnvironment.Of("/home", null, call with { Login = new GitLogin([], "ssh -i key") }, static _ => null)["GIT_SSH_COMMAND"];

        Assert.Contains(" -o 'HostName=2001:db8::1' -o 'HostKeyAlias=git.test'", asNobody, StringComparison.Ordinal);
        Assert.EndsWith(@" -o 'UserKnownHostsFile=""/it'\''s known""'", asNobody, StringComparison.Ordinal);
        Assert.StartsWith("ssh -o IdentityFile=none -o PubkeyAuthentication=no -o PasswordAuthentication=no -F /dev/null ", asNobody, StringComparison.Ordinal);
        Assert.StartsWith("ssh -i key -F /dev/null -o IdentitiesOnly=yes -o IdentityAgent=none ", withKey, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Server_ThatNeverAnswers_IsGivenUpAndItsGitEnded()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var world = World(options =>
        {
            options.AskTimeout = TimeSpan.FromSeconds(1);
            options.Rewrites = [$"https://github.com/=http://{silent.LocalEndpoint}/"];
        });

        var failure = (await world.Modules.ListAsync(Lib, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamTimeout, failure?.Kind);
        Assert.DoesNotContain(CommandLines(), line => line.Contains($"{silent.LocalEndpoint}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repository_LargerThanAllowed_IsRefusedAndNotKept()
    {
        var world = World(static options => options.MaxRepositoryBytes = 1L << 20);
        var noise = new byte[3 << 20];
        new Random(1).NextBytes(noise);
        new ScriptedRepository("github.com/t/lib").Commit("main", null, [("x", "100644", noise)]).Tag("v1.0.0").Make(world.Repositories);

        var failure = (await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.InRange(MirrorKeeper.SizeOf(world.Tree.Repositories), 0, 200_000);
    }

    // A small pack of which a whole archive would be large.
    [Fact]
    public async Task Version_WhoseFilesAreTooMuch_IsRefusedAndNotKept()
    {
        var world = World(static options => options.MaxRepositoryBytes = 16L << 20);
        new ScriptedRepository("github.com/t/lib").Commit("main", null, [.. Enumerable.Range(0, 14).Select(static i => ($"zeros{i}", "100644", (byte[]?)new byte[40 << 20]))]).Tag("v1.0.0").Make(world.Repositories);

        var failure = (await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.NotNull(failure);
        Assert.False(failure.IsProvenAbsence);
        Assert.Empty(Directory.EnumerateFiles(world.Tree.Temporary));
    }

    // Git itself refuses a link where it looks for its own settings.
    [Fact]
    public async Task Link_InPlaceOfGitsOwnFile_IsRefused()
    {
        var world = World();
        new ScriptedRepository("github.com/t/lib").Commit("main", null, [("go.mod", "100644", "module github.com/t/lib\n"u8.ToArray()), (".gitmodules", "120000", "/etc/passwd"u8.ToArray())]).Tag("v1.0.0").Make(world.Repositories);

        var failure = (await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Empty(Directory.EnumerateFiles(world.Tree.Temporary));
    }

    // Attributes that name a filter, and the settings of its program.
    [Fact]
    public async Task Files_WithGitsOwnNames_AreFilesOnly()
    {
        var world = World();
        new ScriptedRepository("github.com/t/lib").Commit("main", null,
        [
            ("go.mod", "100644", "module github.com/t/lib\n"u8.ToArray()), ("a.go", "100644", "package a\n"u8.ToArray()),
            (".gitattributes", "100644", "* filter=evil\na.go diff=evil\n"u8.ToArray()),
            (".lfsconfig", "100644", "[lfs]\n\turl = https://127.0.0.1:1\n"u8.ToArray()),
        ]).Tag("v1.0.0").Make(world.Repositories);

        var answer = await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation);

        Assert.Null(answer.Failure);
        using var zip = new System.IO.Compression.ZipArchive(answer.Value.Body!);
        Assert.Equal([".gitattributes", ".lfsconfig", "a.go", "go.mod"], zip.Entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
    }

    // On a disk of the operator's, git's other half reads the repository's own settings, and what those include.
    [Fact]
    public async Task Settings_OfARepositoryOnThisDisk_RunNothing()
    {
        var world = World();
        var directory = MakeLib().Make(world.Repositories);
        File.WriteAllText(
            Path.Combine(directory, "more"),
            $"[core]\n\tfsmonitor = touch {_proof}\n\tsshCommand = touch {_proof}\n\tpager = touch {_proof}\n[uploadpack]\n\tpackObjectsHook = touch {_proof};\n[credential]\n\thelper = !touch {_proof}\n[filter \"evil\"]\n\tsmudge = touch {_proof}\n");
        File.AppendAllText(Path.Combine(directory, "config"), $"[include]\n\tpath = {Path.Combine(directory, "more")}\n");

        Assert.Null((await world.Modules.ArtifactAsync(new(Lib, "v1.0.0"), ArtifactKind.Zip, Cancellation)).Failure);

        Assert.False(File.Exists(_proof));
    }

    // What checks it out would have its own settings replaced by somebody else's.
    [Theory]
    [InlineData(".git")]
    [InlineData(".GIT")]
    public async Task Link_InPlaceOfGitsDirectory_IsRefused(string name)
    {
        var world = World();
        var directory = MakeLib().Make(world.Repositories);
        var link = ScriptedRepository.Git("/tmp"u8.ToArray(), "-C", directory, "hash-object", "-w", "--stdin").Trim();
        var mod = ScriptedRepository.Git("module github.com/t/lib\n"u8.ToArray(), "-C", directory, "hash-object", "-w", "--stdin").Trim();
        var tree = ScriptedRepository.Git(System.Text.Encoding.UTF8.GetBytes($"120000 blob {link}\t{name}\n100644 blob {mod}\tgo.mod\n"), "-C", directory, "mktree").Trim();
        var commit = ScriptedRepository.Git(null, "-C", directory, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit-tree", "-m", "x", tree).Trim();
        ScriptedRepository.Git(null, "-C", directory, "tag", "v1.5.0", commit);

        var failure = (await world.Modules.ArtifactAsync(new(Lib, "v1.5.0"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Empty(Directory.EnumerateFileSystemEntries(world.Tree.Temporary));
    }

    public void Dispose()
    {
        _worlds.ForEach(static world => world.Dispose());
        File.Delete(_proof);
    }

    private static ScriptedRepository MakeLib() =>
        new ScriptedRepository("github.com/t/lib").Commit(("go.mod", "module github.com/t/lib\n"), ("a.go", "package a\n")).Tag("v1.0.0").Commit(("b.go", "package a\n"));

    private static IEnumerable<string> CommandLines() => Directory.EnumerateDirectories("/proc")
        .Where(static path => int.TryParse(Path.GetFileName(path), out _))
        .Select(static path =>
        {
            try
            {
                return File.ReadAllText(Path.Combine(path, "cmdline"));
            }
            catch (IOException)
            {
                return ""; // it has ended
            }
        });

    private DirectWorld World(Action<DirectOptions>? configure = null, HttpMessageHandler? pages = null)
    {
        var world = new DirectWorld(
            options =>
            {
                options.Inside = "none";
                configure?.Invoke(options);
            },
            pages);
        _worlds.Add(world);
        return world;
    }

    private void AssertNothingIsThere(DirectWorld world)
    {
        Assert.False(File.Exists(_proof));
        Assert.DoesNotContain(
            Directory.Exists(world.Tree.Repositories) ? Directory.EnumerateDirectories(world.Tree.Repositories) : [],
            static path => Path.GetFileName(path) != "home");
    }
}
