using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Lines;
using ProxyCluster.Tests.Silo;

namespace ProxyCluster.Tests.Access;

/// <summary>The genuine <c>go</c> command, over https: how it logs in, and what it says where it does not.</summary>
[Trait("Needs", "newer-go")]
public sealed class RealGoLoginTests : IDisposable
{
    private static readonly string Alice = ClosedSilo.Alice.Split(' ')[^1];
    private static readonly string Private = ClosedSilo.Private.Module.ToString();

    private readonly ScratchDirectory _scratch = new();
    private readonly TestCertificates _certificates = new();

    public static TheoryData<string> Programs => ["go", "newer"];

    public void Dispose()
    {
        _certificates.Dispose();
        _scratch.Dispose();
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Netrc_WithATokenAsPassword_LogsIn(string program)
    {
        await using var silo = await StartAsync();
        using var go = Workspace(silo, program);
        WriteNetrc(go, silo, program, Alice);
        Assert.Equal(ClosedSilo.Private.ZipH1, (await go.DownloadAsync(Private)).Values.Single().Sum);
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task NoLogin_ForAPrivateModule_IsToldHowTo(string program)
    {
        await using var silo = await StartAsync();
        using var go = Workspace(silo, program);
        var result = await go.TryAsync("mod", "download", Private);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("401 Unauthorized", result.Errors + result.Output, StringComparison.Ordinal);
        Assert.Contains("machine HOST:PORT login any password TOKEN", result.Errors + result.Output, StringComparison.Ordinal);

        // What is open stays open.
        Assert.Single(await go.DownloadAsync(ClosedSilo.Open.Module.ToString()));
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Login_OfSomebodyElse_IsToldThatThereIsNothing(string program)
    {
        await using var silo = await StartAsync();
        using var go = Workspace(silo, program);
        WriteNetrc(go, silo, program, ClosedSilo.Bob.Split(' ')[^1]);
        var result = await go.TryAsync("mod", "download", Private);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("404 Not Found", result.Errors + result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GoAuthCommand_LogsIn()
    {
        await using var silo = await StartAsync();
        using var go = Workspace(silo, "newer");
        go.Set("GOAUTH", Script("auth", $"printf 'https://{silo.Address}\\n\\nAuthorization: Bearer {Alice}\\n\\n'"));
        Assert.Equal(ClosedSilo.Private.ZipH1, (await go.DownloadAsync(Private)).Values.Single().Sum);
    }

    /// <summary>It asks the root, with the login, whether it is one that should be kept.</summary>
    [Theory]
    [InlineData("anonymous")]
    [InlineData("anybody")]
    public async Task GoAuthGit_LogsInAndKeepsTheLogin(string readersByDefault)
    {
        await using var silo = await StartAsync(("Access:Default", readersByDefault));
        using var go = Workspace(silo, "newer");
        var kept = Path.Combine(go.Home, "kept");
        var helper = Script("helper", $"case $1 in get) echo username=any; echo password={Alice};; store) cat > {kept};; erase) echo erased > {kept};; esac");
        File.WriteAllText(Path.Combine(go.Home, ".gitconfig"), $"[credential]\n\thelper = {helper}\n");
        go.Set("GIT_CONFIG_NOSYSTEM", "1");
        go.Set("PATH", Environment.GetEnvironmentVariable("PATH")!);
        go.Set("GOAUTH", $"git {go.Main}");
        Assert.Equal(ClosedSilo.Private.ZipH1, (await go.DownloadAsync(Private)).Values.Single().Sum);
        Assert.Contains(Alice, File.Exists(kept) ? await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken) : "nothing", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Namespace_InGoProxy_SelectsItsRules()
    {
        await using var silo = await StartAsync();
        foreach (var (path, isThere) in ((string, bool)[])[("/ns/shop", true), ("", false)])
        {
            using var go = Workspace(silo, "newer", path);
            Assert.Equal(isThere, (await go.TryAsync("mod", "download", ClosedSilo.OfShop.Module.ToString())).ExitCode == 0);
        }
    }

    private async Task<TestSilo> StartAsync(params (string Key, string Value)[] more)
    {
        var (cert, key) = _certificates.Issue();
        return await ClosedSilo.StartAsync(
            _scratch,
            [("Serve:Urls", "https://127.0.0.1:0"), ("Kestrel:Certificates:Default:Path", cert), ("Kestrel:Certificates:Default:KeyPath", key), .. more]);
    }

    private GoWorkspace Workspace(TestSilo silo, string program, string path = "")
    {
        var go = new GoWorkspace($"https://{silo.Address}{path}", silo.Database.Setting, program == "newer" ? GoWorkspace.NewerGo() : program);
        go.Set("SSL_CERT_FILE", _certificates.CaFile);

        // The names of private modules are not for a checksum database, nor for its mirror.
        go.Set("GONOSUMDB", "git.test,shop.test");
        return go;
    }

    // go 1.19 compares the host alone, 1.27 the port too where the URL has one.
    private static void WriteNetrc(GoWorkspace go, TestSilo silo, string program, string token) => File.WriteAllText(
        Path.Combine(go.Home, ".netrc"), $"machine {(program == "newer" ? silo.Address.ToString() : silo.Address.Address.ToString())} login any password {token}\n");

    private string Script(string name, string body) => ShellScript.Write(_scratch[name], body);
}
