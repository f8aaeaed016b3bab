using System.Net;
using System.Net.Sockets;
using ProxyCluster.Repositories;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Repositories;
using ProxyCluster.Tests.Lines;

namespace ProxyCluster.Tests.Repositories;

/// <summary>
/// Mercurial and Subversion repositories, made once and served by their own programs, and what go answers about them.
/// </summary>
public sealed class OtherKinds : IAsyncLifetime
{
    public const string Need = "other-vcs";

    private readonly ScratchDirectory _directory = new();
    private readonly List<ChildProcess> _servers = [];

    /// <summary>What go answers, as if the repositories were at hg.test and svn.test.</summary>
    internal GoAnswers Go { get; private set; } = null!;

    /// <summary>Where hg serves.</summary>
    internal string MercurialUrl { get; } = $"http://127.0.0.1:{LoopbackPort.Free()}/";

    /// <summary>Where svnserve does.</summary>
    internal string SubversionUrl { get; } = $"svn://127.0.0.1:{LoopbackPort.Free()}/";

    /// <summary>Where Mercurial's repositories are on this disk.</summary>
    internal string MercurialDirectory => _directory["hg"] + "/";

    /// <summary>Where Subversion's are.</summary>
    internal string SubversionDirectory => _directory["svn"] + "/";

    public async ValueTask InitializeAsync()
    {
        // 1. Repositories, and what is asked of each: modules, versions, other names.
        Directory.CreateDirectory(MercurialDirectory);
        Directory.CreateDirectory(SubversionDirectory);
        (string Name, Func<(string[] Modules, string[] Versions, string[] Queries)> Make)[] all = [.. MercurialCases.All(MercurialDirectory), .. SubversionCases.All(SubversionDirectory, _directory["copies"])];
        var asks = new (string[] Modules, string[] Versions, string[] Queries)[all.Length];
        Parallel.For(0, all.Length, i => asks[i] = all[i].Make());
        List<string> Named(Func<(string[] Modules, string[] Versions, string[] Queries), string[]> which) =>
            [.. all.Zip(asks).SelectMany(pair => which(pair.Second).Select(ask => $"vanity.test/{pair.First.Name}{ask}"))];

        // 2. Served.
        File.WriteAllText(_directory["hgweb"], $"[paths]\n/ = {MercurialDirectory}*\n");
        var (hg, svn) = (new Uri(MercurialUrl).Port, new Uri(SubversionUrl).Port);
        _servers.Add(Start("hg", "serve", "--webdir-conf", _directory["hgweb"], "-a", "127.0.0.1", "-p", $"{hg}"));
        _servers.Add(Start("svnserve", "-d", "--foreground", "--listen-host", "127.0.0.1", "--listen-port", $"{svn}", "-r", SubversionDirectory));
        await Waiting.UntilAsync(() => IsListening(hg) && IsListening(svn), "hg serve and svnserve listened");

        // 3. Go, which asks them there.
        using var pages = new PlainProxy(path => PageOrNull(path, MercurialUrl, SubversionUrl));
        using var go = new GoWorkspace("direct", "off", GoWorkspace.NewerGo(), new Dictionary<string, string>
        {
            ["GOINSECURE"] = "vanity.test",
            ["GOVCS"] = "*:all",
            ["HTTP_PROXY"] = pages.Url,
            ["HTTPS_PROXY"] = pages.Url,
            ["NO_PROXY"] = "127.0.0.1",
            ["LC_ALL"] = "C.UTF-8",
        });
        Go = await GoAnswers.AskAsync(
            go, Named(static one => one.Versions), Named(static one => one.Queries), Named(static one => one.Modules),
            text => text.Replace(MercurialUrl, "https://hg.test/", StringComparison.Ordinal).Replace(SubversionUrl, "https://svn.test/", StringComparison.Ordinal));

        // It found its way.
        Assert.InRange(Go.Versions.Values.Count(static one => one.Error is null), 15, 1000);
        Assert.InRange(Go.Queries.Values.Count(static one => one.Error is null), 20, 1000);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Serves Mercurial's over https too, at localhost: hg finds no address in a certificate.</summary>
    internal async Task<Served> ServeMercurialAsync(TestCertificates certificates)
    {
        var (cert, key) = certificates.Issue("localhost");
        File.WriteAllText(_directory["hg.pem"], File.ReadAllText(key) + "\n" + File.ReadAllText(cert));
        var port = LoopbackPort.Free();
        var server = new Served(Start("hg", "serve", "--webdir-conf", _directory["hgweb"], "-a", "127.0.0.1", "-p", $"{port}", "--certificate", _directory["hg.pem"]), port);
        await Waiting.UntilAsync(() => IsListening(port), "hg serve listened");
        return server;
    }

    /// <summary>We, asking them at some addresses.</summary>
    internal static DirectWorld NewWorld(string mercurialUrl, string subversionUrl, Action<DirectOptions>? configure = null, GitLogins? logins = null) => new(
        options =>
        {
            options.Rewrites = [$"https://hg.test/={mercurialUrl}", $"https://svn.test/={subversionUrl}"];
            options.Inside = "vanity.test";
            configure?.Invoke(options);
        },
        new ScriptedPages(static path => PageOrNull(path, "https://hg.test/", "https://svn.test/")),
        logins);

    private static string? PageOrNull(string path, string mercurialUrl, string subversionUrl) => path.Split('/') is not ["vanity.test", var kind, var name, ..] ? null
        : $"<meta name=\"go-import\" content=\"vanity.test/{kind}/{name} {kind} {(kind == "hg" ? mercurialUrl + name : $"{subversionUrl}{name}/trunk")}\">";

    private static bool IsListening(int port)
    {
        try
        {
            using var probe = new TcpClient();
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private ChildProcess Start(string program, params string[] arguments) => ChildProcess.Start(
        program, arguments, new Dictionary<string, string> { ["HGRCPATH"] = "", ["HGPLAIN"] = "1", ["HGENCODING"] = "utf-8", ["LC_ALL"] = "C.UTF-8" }, _directory.Path);

    /// <summary>A server and where it listens.</summary>
    internal sealed class Served(ChildProcess process, int port) : IAsyncDisposable
    {
        public int Port => port;

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}

/// <summary>Mercurial's: what go makes of tags, branches, bookmarks and files there.</summary>
internal static class MercurialCases
{
    public static IEnumerable<(string, Func<(string[], string[], string[])>)> All(string root)
    {
        yield return ("hg/tags", () =>
        {
            var r = new ScriptedMercurial(root + "tags").Commit(Mod("tags"), Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Tag("v1.1.0-rc.1").Tag("v0.9.0+build.7", on: "0")
                .Commit(("c.go", "package a\n")).Branch("dev").Commit(("d.go", "package a\n")).Update("default").Commit(("e.go", "package a\n")).Bookmark("mark", "2");
            return ([""],
                ["@v1.0.0", "@v1.1.0-rc.1", "@v1.2.0", $"@v1.1.0-rc.1.0.{r.Stamp("dev")}", $"@v1.0.1-0.{r.Stamp("dev")}", $"@v1.2.1-0.{r.Stamp("dev")}", $"@v0.0.0-{r.Stamp("0")}", $"@v0.0.0-20200101000000-{r.Hash("0")[..12]}"],
                ["@default", "@dev", "@tip", "@mark", "@v1", "@v1.1", "@HEAD", "@nothing", "@v0.9.0+build.7", $"@{r.Hash("dev")}", $"@{r.Hash("2")[..12]}", $"@{r.Hash("dev")[..8]}", "@fffffffffff1"]);
        }
        );
        yield return ("hg/untagged", () =>
        {
            var r = new ScriptedMercurial(root + "untagged").Commit(Mod("untagged"), Go).Commit(("b.go", "package a\n"));
            return ([""], [$"@v0.0.0-{r.Stamp("0")}", $"@v0.0.0-{r.Stamp("1")}", "@v0.1.0"], ["@default", "@tip", $"@{r.Hash("0")[..9]}"]);
        }
        );
        yield return ("hg/sub", () =>
        {
            var r = new ScriptedMercurial(root + "sub")
                .Commit(Mod("sub"), Go, ("LICENSE", "root\n"), ("link.go", "-> a.go"), ("sub/go.mod", "module vanity.test/hg/sub/sub\n"), ("sub/a.go", "package a\n"), ("sub/in/go.mod", "module vanity.test/hg/sub/sub/in\n"), ("v2/go.mod", "module vanity.test/hg/sub/v2\n"), ("v2/a.go", "package a\n"))
                .Tag("v1.0.0").Tag("sub/v1.2.0").Tag("v2.0.0").Commit(("sub/b.go", "package a\n"));
            return (["", "/sub", "/v2"], ["@v1.0.0", "/sub@v1.2.0", "/v2@v2.0.0", "@v2.0.0+incompatible", $"/sub@v1.2.1-0.{r.Stamp("tip")}"], ["@default", "/sub@default", "/v2@default", "/nothing@default"]);
        }
        );
        yield return ("hg/incompatible", () =>
        {
            var r = new ScriptedMercurial(root + "incompatible").Commit(Go).Tag("v1.0.0").Commit(("b.go", "package a\n")).Tag("v2.0.0").Commit(("c.go", "package a\n"));
            return ([""], ["@v2.0.0+incompatible", "@v1.0.0", $"@v2.0.1-0.{r.Stamp("tip")}+incompatible"], ["@v2.0.0", "@default"]);
        }
        );
        yield return ("hg/branches", () =>
        {
            new ScriptedMercurial(root + "branches").Commit(Mod("branches"), Go).Branch("a-old").Commit(("old.go", "package a\n")).Close().Update("default").Branch("b-two").Commit(("x.go", "package a\n"))
                .Update("0").Branch("c-empty").Commit(("y.go", "package a\n")).Update("default").Commit(("z.go", "package a\n")).Tag("v0.1.0");
            return ([""], ["@v0.1.0"], ["@a-old", "@b-two", "@c-empty", "@default", "@tip"]);
        }
        );
        yield return ("hg/files", () =>
        {
            new ScriptedMercurial(root + "files").Commit(Mod("files"), Go, ("gr\u00fc\u00dfe.txt", "x\n"), ("a b.txt", "y\n"), ("crlf.txt", "a\r\nb\n"), (".hgignore", "syntax: glob\n*.o\n"), (".hg_archival.txt", "mine\n"), ("x/.hg_archival.txt", "kept\n"), ("vendor/modules.txt", "x\n"))
                .Tag("v1.0.0");
            return ([""], ["@v1.0.0"], []);
        }
        );
        yield return ("hg/retract", () =>
        {
            var r = new ScriptedMercurial(root + "retract").Commit(Mod("retract"), Go).Tag("v1.0.0").Commit(("go.mod", "module vanity.test/hg/retract\n\nretract v1.1.0\n")).Tag("v1.1.0").Commit(("c.go", "package a\n"));
            return ([""], ["@v1.1.0", $"@v1.0.1-0.{r.Stamp("tip")}"], ["@default"]);
        }
        );
    }

    private static readonly (string, string?) Go = ("a.go", "package a\n");

    private static (string, string?) Mod(string name) => ("go.mod", $"module vanity.test/hg/{name}\n");
}

/// <summary>Subversion's: go knows numbers there, and no tags.</summary>
internal static class SubversionCases
{
    public static IEnumerable<(string, Func<(string[], string[], string[])>)> All(string root, string copies)
    {
        yield return ("svn/tags", () =>
        {
            New("tags").Commit(("trunk/go.mod", "module vanity.test/svn/tags\n"), ("trunk/a.go", "package a\n")).Copy("trunk", "tags/v1.0.0").Commit(("trunk/b.go", "package a\n"));
            return ([""],
                [$"@v0.0.0-{ScriptedSubversion.Stamp(2)}", $"@v0.0.0-{ScriptedSubversion.Stamp(4)}", $"@v0.0.0-{ScriptedSubversion.Stamp(3)}", $"@v1.0.1-0.{ScriptedSubversion.Stamp(4)}", "@v1.0.0", $"@v0.0.0-{ScriptedSubversion.Stamp(9)}", $"@v0.0.0-{ScriptedSubversion.Stamp(2)[..14]}-2"],
                ["@2", "@3", "@r4", "@HEAD", "@000000000002", "@99", "@trunk", "@v1", "@1"]);
        }
        );
        yield return ("svn/sub", () =>
        {
            New("sub").Commit(("trunk/go.mod", "module vanity.test/svn/sub\n"), ("trunk/a.go", "package a\n"), ("trunk/LICENSE", "root\n"), ("trunk/sub/go.mod", "module vanity.test/svn/sub/sub\n"), ("trunk/sub/a.go", "package a\n"),
                ("trunk/v2/go.mod", "module vanity.test/svn/sub/v2\n"), ("trunk/v2/a.go", "package a\n"));
            return (["", "/sub", "/v2"], [$"@v0.0.0-{ScriptedSubversion.Stamp(2)}", $"/sub@v0.0.0-{ScriptedSubversion.Stamp(2)}", $"/v2@v2.0.0-{ScriptedSubversion.Stamp(2)}", $"/v2@v0.0.0-{ScriptedSubversion.Stamp(2)}"], ["/sub@HEAD", "/v2@2", "/nothing@2"]);
        }
        );
        yield return ("svn/files", () =>
        {
            New("files").Commit(("trunk/go.mod", "module vanity.test/svn/files\n"), ("trunk/id.txt", "$Id$ $Rev$\n"), ("trunk/eol.txt", "a\nb\n"), ("trunk/gr\u00fc\u00dfe.txt", "x\n"), ("trunk/a b@1.txt", "y\n"))
                .Property("trunk/id.txt", "svn:keywords", "Id Rev").Property("trunk/eol.txt", "svn:eol-style", "native").Commit(("trunk/c.go", "package a\n"))
                .Property("trunk/eol.txt", "svn:eol-style", "CRLF").Commit(("trunk/d.go", "package a\n"));
            return ([""], [$"@v0.0.0-{ScriptedSubversion.Stamp(3)}", $"@v0.0.0-{ScriptedSubversion.Stamp(4)}"], ["@2"]);
        }
        );
        yield return ("svn/links", () =>
        {
            New("links").Commit(("trunk/go.mod", "module vanity.test/svn/links\n"), ("trunk/a.go", "package a\n"), ("trunk/link.go", "-> a.go")).Commit(("trunk/link.go", null));
            return ([""], [$"@v0.0.0-{ScriptedSubversion.Stamp(2)}", $"@v0.0.0-{ScriptedSubversion.Stamp(3)}"], ["@HEAD"]);
        }
        );
        yield return ("svn/bare", () =>
        {
            New("bare").Commit(("trunk/a.go", "package a\n"));
            return ([""], [$"@v0.0.0-{ScriptedSubversion.Stamp(2)}", $"@v1.0.0-{ScriptedSubversion.Stamp(2)}", $"@v0.0.0-{ScriptedSubversion.Stamp(2)}+incompatible"], ["@2"]);
        }
        );

        ScriptedSubversion New(string name)
        {
            Directory.CreateDirectory(copies);
            return new ScriptedSubversion(root + name, Path.Combine(copies, name));
        }
    }
}
