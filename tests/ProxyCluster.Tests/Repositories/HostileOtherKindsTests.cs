using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ProxyCluster.Credentials;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Outcomes;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;

namespace ProxyCluster.Tests.Repositories;

/// <summary>As <see cref="HostileRepositoriesTests"/>, of Mercurial and Subversion: nothing is run, nobody else is asked, nothing is left.</summary>
public sealed class HostileOtherKindsTests : IDisposable
{
    private readonly ScratchDirectory _scratch = new();
    private readonly List<DirectWorld> _worlds = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Proof => _scratch["proof"];

    public void Dispose()
    {
        _worlds.ForEach(static world => world.Dispose());
        _scratch.Dispose();
    }

    // A repository within one is asked for by hg wherever a file is looked for that may be its.
    [Theory]
    [Trait("Needs", OtherKinds.Need)]
    [InlineData("https://127.0.0.1:1/x")]
    [InlineData("ssh://-oProxyCommand=touch%20PROOF/x")]
    public async Task Repository_WithinAMercurialOne_IsNotAskedFor(string source)
    {
        new ScriptedMercurial(_scratch["hg/lib"]).Commit(
            ("go.mod", "module vanity.test/hg/lib\n"), (".hgsub", $"sub = {source.Replace("PROOF", Proof, StringComparison.Ordinal)}\n"), (".hgsubstate", $"{new string('1', 40)} sub\n")).Tag("v1.0.0").Tag("sub/v1.0.0");
        var world = World();

        var answer = await world.Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/hg/lib"), "v1.0.0"), ArtifactKind.Zip, Cancellation);
        var within = await world.Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/hg/lib/sub"), "v1.0.0"), ArtifactKind.Mod, Cancellation);

        Assert.Null(answer.Failure);
        using var zip = new ZipArchive(answer.Value.Body!);
        Assert.Equal([".hgsub", ".hgsubstate", "go.mod"], zip.Entries.Select(static entry => entry.Name).Order(StringComparer.Ordinal));
        Assert.Equal(FailureKind.NotFound, within.Failure?.Kind);
        Assert.False(File.Exists(Proof));
    }

    // A mirror holds no settings; but somebody may have put some there.
    [Fact]
    [Trait("Needs", OtherKinds.Need)]
    public async Task Hook_InAMercurialMirror_IsNotRun()
    {
        var lib = new ScriptedMercurial(_scratch["hg/lib"]).Commit(("go.mod", "module vanity.test/hg/lib\n")).Tag("v1.0.0");
        var world = World();
        Assert.Null((await world.Modules.ListAsync(ModulePath.Parse("vanity.test/hg/lib"), Cancellation)).Failure);
        File.WriteAllText(Path.Combine(MirrorOf(world), ".hg", "hgrc"), $"[hooks]\npre-log = touch {Proof}\npre-pull = touch {Proof}\nincoming = touch {Proof}\n");
        lib.Commit(("a.go", "package a\n")).Tag("v1.1.0");

        Assert.Null((await world.Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/hg/lib"), "v1.1.0"), ArtifactKind.Zip, Cancellation)).Failure);

        Assert.False(File.Exists(Proof));
    }

    // Its transaction stays open, and hg begins no other until that is taken back.
    [Fact]
    [Trait("Needs", OtherKinds.Need)]
    public async Task Pull_ThatWasKilled_IsTakenBackByTheNext()
    {
        var lib = new ScriptedMercurial(_scratch["hg/lib"]).Commit(("go.mod", "module vanity.test/hg/lib\n")).Tag("v1.0.0");
        var world = World();
        Assert.Null((await world.Modules.ListAsync(ModulePath.Parse("vanity.test/hg/lib"), Cancellation)).Failure);
        var mirror = MirrorOf(world);
        lib.Commit(("a.go", "package a\n")).Tag("v1.1.0");
        Assert.Throws<InvalidOperationException>(() => lib.Hg("--cwd", mirror, "--config", "hooks.pretxnclose=kill -9 $PPID", "pull", "-q", _scratch["hg/lib"]));
        Assert.True(File.Exists(Path.Combine(mirror, ".hg/store/journal")));
        File.WriteAllText(Path.Combine(mirror, "mark"), "");

        Assert.Null((await world.Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/hg/lib"), "v1.1.0"), ArtifactKind.Zip, Cancellation)).Failure);

        Assert.True(File.Exists(Path.Combine(mirror, "mark")));
        Assert.Equal(2, Directory.EnumerateDirectories(world.Tree.Repositories).Count());
    }

    [Fact]
    [Trait("Needs", OtherKinds.Need)]
    public async Task Repository_OfMercurialLargerThanAllowed_IsRefusedAndNotKept()
    {
        var large = new byte[3 << 20];
        new Random(7).NextBytes(large);
        new ScriptedMercurial(_scratch["hg/lib"]).Commit(("go.mod", "module vanity.test/hg/lib\n"), ("large", Convert.ToBase64String(large)));
        var world = World(static options => options.MaxRepositoryBytes = 1 << 20);

        var failure = (await world.Modules.ListAsync(ModulePath.Parse("vanity.test/hg/lib"), Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.DoesNotContain(Directory.EnumerateDirectories(world.Tree.Repositories), static path => Path.GetFileName(path) != LimitedProgram.HomeName);
    }

    [Fact]
    [Trait("Needs", OtherKinds.Need)]
    public async Task External_OfASubversionRepository_IsNotAskedFor()
    {
        new ScriptedSubversion(_scratch["svn/lib"], _scratch["copy"]).Commit(("trunk/go.mod", "module vanity.test/svn/lib\n")).Property("trunk", "svn:externals", "http://127.0.0.1:1/x ext").Commit();

        var answer = await World().Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/svn/lib"), $"v0.0.0-{ScriptedSubversion.Stamp(3)}"), ArtifactKind.Zip, Cancellation);

        Assert.Null(answer.Failure);
        using var zip = new ZipArchive(answer.Value.Body!);
        Assert.Equal(["go.mod"], zip.Entries.Select(static entry => entry.Name));
    }

    // A server says of its files' sizes what it likes; no svnserve can be made to say this.
    [Fact]
    public async Task Files_OfASubversionRepositoryWithSizesPastAllNumbers_AreTooMuch()
    {
        const string list = "<lists><list><entry kind='file'><name>a</name><size>9223372036854775807</size></entry><entry kind='file'><name>b</name><size>9223372036854775807</size></entry></list></lists>";
        const string log = "<log><logentry revision='2'><date>2020-09-13T12:26:40.000000Z</date></logentry></log>";
        var svn = ShellScript.Write(_scratch["svn.sh"], $"case $1 in log) echo \"{log}\";; list) echo \"{list}\";; cat) echo 'module vanity.test/svn/lib';; esac");

        var failure = (await World(options => options.Svn = svn).Modules.ArtifactAsync(
            new(ModulePath.Parse("vanity.test/svn/lib"), "v0.0.0-20200913122640-000000000002"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Contains("larger than a module may be", failure!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [Trait("Needs", OtherKinds.Need)]
    [InlineData("/etc/passwd")]
    [InlineData("/etc")]
    public async Task Link_InASubversionRepository_IsNotFollowed(string target)
    {
        new ScriptedSubversion(_scratch["svn/lib"], _scratch["copy"]).Commit(("trunk/go.mod", "module vanity.test/svn/lib\n"), ("trunk/link", "-> " + target));
        var world = World();

        var failure = (await world.Modules.ArtifactAsync(new(ModulePath.Parse("vanity.test/svn/lib"), $"v0.0.0-{ScriptedSubversion.Stamp(2)}"), ArtifactKind.Zip, Cancellation)).Failure;

        Assert.Equal(FailureKind.UpstreamInvalid, failure?.Kind);
        Assert.Contains("link is a link", failure!.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(world.Tree.Temporary));
    }

    [Theory]
    [Trait("Needs", OtherKinds.Need)]
    [InlineData("hg", "http")]
    [InlineData("svn", "svn")]
    public async Task Server_ThatNeverAnswers_IsGivenUp(string kind, string scheme)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var world = World(options =>
        {
            options.AskTimeout = TimeSpan.FromSeconds(1);
            options.Rewrites = [$"https://{kind}.test/={scheme}://{silent.LocalEndpoint}/"];
        });

        Assert.Equal(FailureKind.UpstreamTimeout, (await world.Modules.LatestAsync(ModulePath.Parse($"vanity.test/{kind}/lib"), Cancellation)).Failure?.Kind);
    }

    [Theory]
    [InlineData("hg", "svn+ssh://hg.test/x")]
    [InlineData("hg", "static-http://hg.test/x")]
    [InlineData("hg", "bundle:/etc/passwd")]
    [InlineData("hg", "file:///etc")]
    [InlineData("hg", "http://hg.test/x")]
    [InlineData("hg", "ssh://-oProxyCommand=touch/x")]
    [InlineData("svn", "svn://svn.test/x")]
    [InlineData("svn", "svn+evil://svn.test/x")]
    [InlineData("svn", "svn+ssh://-oProxyCommand=touch/x")]
    [InlineData("svn", "ssh://svn.test/x")]
    [InlineData("svn", "file:///etc")]
    public void Guard_GivenAnotherProtocol_Refuses(string kind, string url) => Assert.False(
        new UrlRewrites([]).TryFind(kind == "hg" ? RepositorySchemes.Mercurial : RepositorySchemes.Subversion, url, true, out _, out _));

    [Fact]
    public void Login_IsInNoArgumentAndNoFile()
    {
        Assert.True(new UrlRewrites([]).TryFind(RepositorySchemes.Mercurial, "https://hg.test:8443/x", true, out var address, out _));
        var way = new RepositoryWay("bot", "s3cret", 4711, "ssh");

        var words = ProgramEnvironment.WordsOfSubversion("/home/svn", way, static _ => null).ToList();
        var configuration = ProgramEnvironment.ConfigurationOfMercurial(address, way, static _ => null);

        Assert.DoesNotContain(words, static word => word.Contains("s3cret", StringComparison.Ordinal));
        Assert.Contains("--password-from-stdin", words);
        Assert.Contains("one.prefix = hg.test:8443\none.schemes = https\none.username = bot\none.password = s3cret\n", configuration, StringComparison.Ordinal);
        foreach (var environment in (IEnumerable<Dictionary<string, string>>)
            [ProgramEnvironment.OfMercurial("/home", static name => $"mine:{name}"), ProgramEnvironment.OfSubversion("/home", "ssh", static name => $"mine:{name}")])
        {
            Assert.DoesNotContain("mine:HOME", environment.Values);
            Assert.DoesNotContain(environment.Keys, static name => name.Contains("proxy", StringComparison.OrdinalIgnoreCase));
        }
    }

    // A login of several lines would be settings of hg's, hooks among them.
    [Fact]
    public async Task Login_OfSeveralLines_IsNotGiven()
    {
        var world = World(static options => options.Rewrites = [], GitLogin.Configured(new Logins(TimeProvider.System, _ => [new LoginRule("*", "", new Fixed(Login.Basic("bot", "x\n[hooks]\npre-identify = touch /tmp/x")))])));

        var failure = (await world.Modules.LatestAsync(ModulePath.Parse("vanity.test/hg/lib"), Cancellation)).Failure;

        Assert.Equal(FailureKind.Blocked, failure?.Kind);
    }

    // A key that ssh's server does not take says nothing of passwords.
    [Theory]
    [InlineData("http", 1)]
    [InlineData("ssh", 0)]
    public async Task Refusal_OfAHost_IsToldToSourcesOfWhatWasRefused(string scheme, int told)
    {
        var hg = ShellScript.Write(_scratch["hg.sh"], "echo 'remote: Permission denied (publickey).' >&2\nexit 255");
        var source = new Told();
        var world = World(
            options => (options.Hg, options.Rewrites) = (hg, [$"https://hg.test/={scheme}://127.0.0.1/"]),
            GitLogin.Configured(new Logins(TimeProvider.System, _ => [new LoginRule("*", "", source)])));

        var failure = (await world.Modules.LatestAsync(ModulePath.Parse("vanity.test/hg/lib"), Cancellation)).Failure;

        Assert.Equal(FailureKind.Blocked, failure?.Kind);
        Assert.Equal(told, source.Refusals);
    }

    // Where it leads is one place: redirects, and whatever else a program is told to ask, end here.
    [Theory]
    [InlineData("CONNECT 127.0.0.1:PORT HTTP/1.1", "200", false)]
    [InlineData("CONNECT localhost:PORT HTTP/1.1", "403", true)]
    [InlineData("CONNECT 127.0.0.1:1 HTTP/1.1", "403", true)]
    [InlineData("GET http://127.0.0.1:PORT/ HTTP/1.1", "403", true)]
    [InlineData("nonsense", "403", true)]
    public async Task Way_OutOfAProgram_LeadsToOnePlaceOnly(string asked, string status, bool isRefused)
    {
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        using var way = new GuardedWay(new Uri($"https://127.0.0.1:{port}/x"), IPAddress.Loopback, null);
        using var program = new TcpClient();
        await program.ConnectAsync(IPAddress.Loopback, way.Port, Cancellation);
        var stream = program.GetStream();

        await stream.WriteAsync(Encoding.ASCII.GetBytes(asked.Replace("PORT", $"{port}", StringComparison.Ordinal) + "\r\n\r\n"), Cancellation);
        using var reader = new StreamReader(stream);

        Assert.Equal(status, (await reader.ReadLineAsync(Cancellation))!.Split(' ')[1]);
        Assert.Equal(isRefused, way.HasRefused);
        Assert.Equal(!isRefused, server.Pending());
    }

    private static string MirrorOf(DirectWorld world) =>
        Directory.EnumerateDirectories(world.Tree.Repositories).Single(static path => Path.GetFileName(path) != LimitedProgram.HomeName);

    private DirectWorld World(Action<DirectOptions>? configure = null, GitLogins? logins = null)
    {
        var world = OtherKinds.NewWorld(
            $"file://{_scratch["hg"]}/",
            $"file://{_scratch["svn"]}/",
            options =>
            {
                options.FreshFor = TimeSpan.Zero;
                configure?.Invoke(options);
            },
            logins);
        _worlds.Add(world);
        Directory.CreateDirectory(_scratch["hg"]);
        Directory.CreateDirectory(_scratch["svn"]);
        return world;
    }

    private sealed class Told : ILoginSource
    {
        public int Refusals { get; private set; }

        public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) => new(LoginReply.None);

        public ValueTask<LoginReply> RefusedAsync(LoginAsk ask, Login? refused, Refusal refusal, CancellationToken cancel)
        {
            Refusals++;
            return new(LoginReply.None);
        }
    }

    private sealed class Fixed(Login login) : ILoginSource
    {
        public ValueTask<LoginReply> FindAsync(LoginAsk ask, CancellationToken cancel) => new(new LoginReply(login));
    }
}
