using System.Text.Json;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Audit;

namespace ProxyCluster.Tests.Bills;

public sealed class SbomVerbTests : IDisposable
{
    private static readonly ModuleVersion Stored = new(ModulePath.Parse("example.com/M"), "v1.4.0");
    private static readonly ModuleVersion Elsewhere = new(ModulePath.Parse("example.com/other"), "v2.0.0+incompatible");

    private readonly BillSite _site = new();

    [Fact]
    public async Task Sbom_OfAGoSum_SaysWhatTheStoreKnows()
    {
        var h1 = _site.Store(Stored, "MIT", "Apache-2.0");
        var sums = _site.Write("go.sum", $"{Stored.Path} {Stored.Version} {h1}\n{Stored.Path} {Stored.Version}/go.mod h1:m=\nexample.com/other v2.0.0+incompatible h1:x=\n");

        var call = await _site.RunAsync("--from", sums);

        Assert.Equal((0, ""), (call.Status, call.Error));
        using var json = JsonDocument.Parse(call.Out);
        var stored = BillSite.Component(json.RootElement, "example.com/M@v1.4.0");
        Assert.Equal("pkg:golang/example.com/M@v1.4.0", stored.GetProperty("purl").GetString());
        Assert.Equal("Apache-2.0 AND MIT", Assert.Single(stored.GetProperty("licenses").EnumerateArray()).GetProperty("expression").GetString());
        Assert.Equal(64, Assert.Single(stored.GetProperty("hashes").EnumerateArray()).GetProperty("content").GetString()!.Length);
        Assert.Equal(
            (h1, "h1:m=", "https://proxy.example", "none (example.com)"),
            (BillSite.Property(stored, "h1"), BillSite.Property(stored, "h1:go.mod"), BillSite.Property(stored, "origin"), BillSite.Property(stored, "proof")));

        var other = BillSite.Component(json.RootElement, "example.com/other@v2.0.0+incompatible");
        Assert.Equal("pkg:golang/example.com/other@v2.0.0%2Bincompatible", other.GetProperty("purl").GetString());
        Assert.False(other.TryGetProperty("hashes", out _)); // an h1 is none of a file
        Assert.Equal(("h1:x=", "its zip is not at hand"), (BillSite.Property(other, "h1"), BillSite.Property(other, "licence")));
        Assert.Equal("unknown", json.RootElement.GetProperty("compositions")[0].GetProperty("aggregate").GetString());
    }

    [Fact]
    public async Task Sbom_OfTheSame_IsTheSameToTheByte()
    {
        _site.Store(Stored, "MIT");
        var sums = _site.Write("go.sum", $"{Elsewhere.Path} {Elsewhere.Version} h1:x=\n{Stored.Path} {Stored.Version} h1:y=\n");
        var reversed = _site.Write("reversed", $"{Stored.Path} {Stored.Version} h1:y=\n{Elsewhere.Path} {Elsewhere.Version} h1:x=\n");

        var call = await _site.RunAsync("--from", sums);
        Assert.Equal(call.Out, (await _site.RunAsync("--from", reversed)).Out);
        Assert.DoesNotContain("timestamp", call.Out, StringComparison.Ordinal);

        var epoch = new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "1700000000" };
        var dated = await _site.RunAsync(epoch, "--from", sums);
        Assert.Contains("\"timestamp\": \"2023-11-14T22:13:20Z\"", dated.Out, StringComparison.Ordinal);
        Assert.Equal(dated.Out, (await _site.RunAsync("--from", sums, "--timestamp", "2023-11-14T22:13:20Z")).Out);
        Assert.Equal(2, (await _site.RunAsync(new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "yesterday" }, "--from", sums)).Status);

        // Another bill has another serial number.
        Assert.NotEqual(SerialOf(call.Out), SerialOf(dated.Out));
    }

    [Fact]
    public async Task Sbom_WhereHashesContradict_SaysSoAndFails()
    {
        _site.Store(Stored, "MIT");
        var call = await _site.RunAsync("--from", _site.Write("go.sum", $"{Stored.Path} {Stored.Version} h1:another=\n"));

        Assert.Equal(1, call.Status);
        Assert.Contains("example.com/M@v1.4.0: the build has h1:another=, the store h1:", call.Error, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(call.Out);
        var component = BillSite.Component(json.RootElement, "example.com/M@v1.4.0");
        Assert.False(component.TryGetProperty("licenses", out _)); // of other bytes
        Assert.False(component.TryGetProperty("hashes", out _));
        Assert.Equal("h1:another=", BillSite.Property(component, "h1"));
    }

    [Fact]
    public async Task Sbom_WithAnUpstream_ReadsLicencesOfWhatItSends()
    {
        var h1 = _site.Publish(Elsewhere, "BSD-3-Clause");
        using var right = JsonDocument.Parse((await _site.RunAsync("--upstream", _site.Upstream, "--from", _site.Write("go.sum", $"{Elsewhere.Path} {Elsewhere.Version} {h1}\n"))).Out);
        var component = BillSite.Component(right.RootElement, Elsewhere.ToString());
        Assert.Equal("BSD-3-Clause", component.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString());
        Assert.False(File.Exists(_site.Tree.RecordPath(Elsewhere)));

        // What is not what the build has says nothing about it.
        var wrong = await _site.RunAsync("--upstream", _site.Upstream, "--from", _site.Write("go.sum", $"{Elsewhere.Path} {Elsewhere.Version} h1:x=\n"));
        Assert.Equal(1, wrong.Status);
        using var json = JsonDocument.Parse(wrong.Out);
        Assert.False(BillSite.Component(json.RootElement, Elsewhere.ToString()).TryGetProperty("licenses", out _));
    }

    [Fact]
    public async Task Sbom_WithAdvisories_SaysWhatIsAffected()
    {
        var mod = _site.Write("go.mod", "module example.com/app\n\nrequire (\n\texample.com/M v1.4.0\n\texample.com/m v1.4.0\n)\n");
        using var json = JsonDocument.Parse((await _site.RunAsync("--from", mod, "--vulndb", _site.Advisories, "--go", "go1.22.3")).Out);

        var found = Assert.Single(json.RootElement.GetProperty("vulnerabilities").EnumerateArray());
        Assert.Equal("GO-2025-1", found.GetProperty("id").GetString());
        Assert.Equal(["CVE-2025-1", "GHSA-aaaa-bbbb-cccc"], found.GetProperty("references").EnumerateArray().Select(static alias => alias.GetProperty("id").GetString()!));
        Assert.Equal("critical", found.GetProperty("ratings")[0].GetProperty("severity").GetString());
        Assert.Equal("in_triage", found.GetProperty("analysis").GetProperty("state").GetString());
        Assert.Equal(
            ["example.com/M@v1.4.0: v1.4.0 affected, v1.5.0 unaffected", "stdlib@go1.22.3: go1.22.3 affected, go1.22.4 unaffected"],
            found.GetProperty("affects").EnumerateArray().Select(static one => $"{one.GetProperty("ref")}: {string.Join(", ", one.GetProperty("versions").EnumerateArray().Select(static version => $"{version.GetProperty("version")} {version.GetProperty("status")}"))}"));
        Assert.Equal(
            ["example.com/M@v1.4.0", "example.com/m@v1.4.0", "stdlib@go1.22.3"],
            Assert.Single(json.RootElement.GetProperty("dependencies").EnumerateArray()).GetProperty("dependsOn").EnumerateArray().Select(static one => one.GetString()!));
    }

    [Fact]
    public async Task Sbom_OfABuild_IsWhatItGotByTheAuditLog()
    {
        await using var audit = new AuditSite();
        await audit.StartAsync();
        await audit.WriteAsync(4, i => audit.Download(version: $"v1.{i / 2}.0", subject: i == 3 ? "4711" : null) with { Build = i == 3 ? "4712" : "4711" });
        await audit.StopAsync();

        var call = await _site.RunAsync("--build", "4711", "--set", $"Audit:Directory={audit.Directory}");
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal(["example.com/m@v1.0.0", "example.com/m@v1.1.0"], json.RootElement.GetProperty("components").EnumerateArray().Select(static one => one.GetProperty("bom-ref").GetString()!));

        var nobody = await _site.RunAsync("--build", "4713", "--set", $"Audit:Directory={audit.Directory}");
        Assert.Equal(1, nobody.Status);
        Assert.Contains("names no zip that build 4713 got", nobody.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("give --from FILE, or --build ID")]
    [InlineData("give --from FILE, or --build ID", "--from", "go.sum", "--build", "1")]
    [InlineData("--go master is no release", "--from", "go.sum", "--go", "master")]
    [InlineData("--timestamp soon", "--from", "go.sum", "--timestamp", "soon")]
    [InlineData("can ask 'direct'", "--from", "go.sum", "--upstream", "https://proxy.example,direct")]
    [InlineData("--vulndb", "--from", "go.sum", "--vulndb", "ftp://x")]
    public async Task Sbom_WrongUsage_SaysWhatToGive(string says, params string[] args)
    {
        var call = await _site.RunAsync(args);
        Assert.Equal(2, call.Status);
        Assert.Contains(says, call.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Needs", "newer-go")]
    public async Task Sbom_OfARealBuild_HasWhatIsInTheProgram()
    {
        // 1. A program, and what go says of it and of its module.
        var library = new ModuleVersion(ModulePath.Parse("example.com/Lib/v2"), "v2.1.0");
        var unused = new ModuleVersion(ModulePath.Parse("example.com/unused"), "v1.0.0");
        var h1 = _site.Publish(library, "ISC");
        _site.Publish(unused, "MIT");
        using var go = new GoWorkspace(_site.Upstream, "off", GoWorkspace.NewerGo());
        File.WriteAllText(Path.Combine(go.Main, "go.mod"), $"module example.com/app\n\ngo 1.24\n\nrequire (\n\t{library.Path} {library.Version}\n\t{unused.Path} {unused.Version}\n)\n");
        File.WriteAllText(Path.Combine(go.Main, "main.go"), $"package main\n\nimport _ \"{library.Path}\"\n\nfunc main() {{}}\n");
        await go.GoAsync("build", "-mod=mod", "-o", "app", ".");
        var listing = _site.Write("listing", await go.GoAsync("version", "-m", "app"));
        var graph = _site.Write("graph", await go.GoAsync("mod", "graph"));

        // 2. The program holds one of them, under the hash that go knows.
        using var program = JsonDocument.Parse((await _site.RunAsync("--from", listing, "--upstream", _site.Upstream)).Out);
        var component = BillSite.Component(program.RootElement, library.ToString());
        Assert.Equal(2, program.RootElement.GetProperty("components").GetArrayLength());
        Assert.StartsWith("go1.", BillSite.Component(program.RootElement, (await ReleaseAsync(go)).Insert(0, "stdlib@")).GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.Equal((h1, "pkg:golang/example.com/Lib/v2@v2.1.0"), (BillSite.Property(component, "h1"), component.GetProperty("purl").GetString()));
        Assert.Equal("ISC", component.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString());
        Assert.StartsWith("pkg:golang/example.com/app", program.RootElement.GetProperty("metadata").GetProperty("component").GetProperty("purl").GetString(), StringComparison.Ordinal);

        // 3. The module requires both.
        using var module = JsonDocument.Parse((await _site.RunAsync("--from", graph, "--from", Path.Combine(go.Main, "go.sum"), "--from", Path.Combine(go.Main, "go.mod"))).Out);
        Assert.Equal([library.ToString(), unused.ToString()], module.RootElement.GetProperty("components").EnumerateArray().Select(static one => one.GetProperty("bom-ref").GetString()!));
        Assert.Equal(h1, BillSite.Property(BillSite.Component(module.RootElement, library.ToString()), "h1"));
        Assert.Equal("complete", module.RootElement.GetProperty("compositions")[0].GetProperty("aggregate").GetString());
    }

    public void Dispose() => _site.Dispose();

    private static async Task<string> ReleaseAsync(GoWorkspace go) => (await go.GoAsync("env", "GOVERSION")).Trim();

    private static string SerialOf(string bill)
    {
        using var json = JsonDocument.Parse(bill);
        return json.RootElement.GetProperty("serialNumber").GetString()!;
    }
}
