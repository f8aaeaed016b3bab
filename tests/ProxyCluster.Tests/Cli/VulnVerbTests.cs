using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.TestKit.Upstreams;

namespace ProxyCluster.Tests.Cli;

public sealed class VulnVerbTests : IDisposable
{
    private const string Record =
        """
        {"id":"GO-2025-1","modified":"2025-01-01T00:00:00Z","aliases":["CVE-2025-1"],"summary":"Leaks [red]everything[/]\u001b",
         "affected":[{"package":{"name":"example.com/m","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]}]},
                     {"package":{"name":"stdlib","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.22.0-0"},{"fixed":"1.22.4"}]}]}]}
        """;

    private readonly ScratchDirectory _directory = new();

    public VulnVerbTests()
    {
        Directory.CreateDirectory(_directory["db/ID"]);
        File.WriteAllText(_directory["db/ID/GO-2025-1.json"], Record);
    }

    [Theory]
    [InlineData("example.com/m@v1.4.0", 3)]
    [InlineData("example.com/m@v1.5.0", 0)]
    [InlineData("example.com/M@v1.4.0", 0)]
    [InlineData("stdlib@go1.22.3", 3)]
    [InlineData("stdlib@go1.21.9", 0)]
    [InlineData("example.com/m", 2)]
    [InlineData("example.com/m@master", 2)]
    [InlineData("stdlib@master", 2)]
    [InlineData("missing/go.sum", 1)]
    public async Task Vuln_OneSubject_ExitsBySaying(string what, int status) => Assert.Equal(status, (await RunAsync(what)).Status);

    [Fact]
    public async Task Vuln_Affected_IsATableOfWhatToDo()
    {
        var call = await RunAsync("example.com/m@v1.4.0");
        Assert.Matches(@"GO-2025-1 +│ CVE-2025-1 +│ example\.com/m +│ v1\.4\.0 +│ v1\.5\.0 +│ Leaks \[red\]everything\[/\]\\u001b", call.Out);
        Assert.EndsWith("1 of 1 versions are affected, by 1 advisories, the newest of 2025-01-01\n", call.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vuln_GoSum_JudgesZipsAlone()
    {
        File.WriteAllText(_directory["go.sum"], "example.com/m v1.3.0/go.mod h1:x=\nexample.com/m v1.4.0 h1:x=\nexample.com/m v1.4.0/go.mod h1:x=\nexample.com/n v1.0.0 h1:x=\nexample.com/x master h1:x=\n");
        var call = await RunAsync(_directory["go.sum"], "--json");
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal((3, 2), (call.Status, json.RootElement.GetProperty("checked").GetInt32()));
        Assert.Equal("v1.4.0", Assert.Single(json.RootElement.GetProperty("findings").EnumerateArray()).GetProperty("version").GetString());
        Assert.Contains("\"master\" is not a canonical version; it is not judged", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vuln_Stored_JudgesWhatTheDirectoryHolds()
    {
        var tree = new DataTree(_directory["data"]);
        tree.Prepare();
        foreach (var (version, ending) in ((string, string)[])[("v1.1.0", ".zip"), ("v1.2.0", ".mod"), ("v1.5.0", ".zip")])
        {
            var path = tree.RecordPath(new ModuleVersion(ModulePath.Parse("example.com/m"), version));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, "{}");
            File.WriteAllText(Path.ChangeExtension(path, ending), "");
        }

        var call = await RunAsync("--stored", "--data", tree.Root, "--json");

        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal((3, 2), (call.Status, json.RootElement.GetProperty("checked").GetInt32()));
        Assert.Equal("v1.1.0", Assert.Single(json.RootElement.GetProperty("findings").EnumerateArray()).GetProperty("version").GetString());
    }

    [Fact]
    public async Task Vuln_Address_FetchesWhatConcernsTheSubjectAlone()
    {
        await using var server = UpstreamServer.Start();
        server.Put("/index/modules.json", """[{"path":"example.com/m","vulns":[{"id":"GO-2025-1"}]},{"path":"example.com/n","vulns":[{"id":"GO-2025-2"}]}]""");
        server.Put("/ID/GO-2025-1.json", Record);

        Assert.Equal(3, (await RunAsync("example.com/m@v1.0.0", "--vulndb", server.Url)).Status);
        Assert.Equal(["/index/modules.json", "/ID/GO-2025-1.json"], server.Calls.Select(static call => call.Path));

        // A record that cannot be had is no clean bill of health.
        var call = await RunAsync("example.com/n@v1.0.0", "--vulndb", server.Url);
        Assert.Equal(1, call.Status);
        Assert.Contains("GO-2025-2", call.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Vuln_WithoutADatabase_SaysWhatToGive()
    {
        var call = await CommandLineCall.RunAsync("vuln", "example.com/m@v1.0.0", "--data", _directory["nowhere"]);
        Assert.Equal((2, "proxycluster: there are no advisories: give --vulndb, or set Advisories:Database\n"), (call.Status, call.Error));
    }

    public void Dispose() => _directory.Dispose();

    private Task<CommandLineCall> RunAsync(params string[] args) =>
        CommandLineCall.RunAsync(["vuln", .. args, .. args.Contains("--vulndb") ? (string[])[] : ["--vulndb", _directory["db"]]]);
}
