using System.Text;
using System.Text.Json;
using ProxyCluster.GoModules;
using ProxyCluster.GoModules.Names;
using ProxyCluster.GoModules.Zips;
using ProxyCluster.Storage;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Cli;
using ProxyCluster.Verification;

namespace ProxyCluster.Tests.Bills;

/// <summary>A directory with a store, an upstream tree and advisories, of which bills are made.</summary>
internal sealed class BillSite : IDisposable
{
    public const string Advisory =
        """
        {"id":"GO-2025-1","modified":"2025-02-01T00:00:00Z","published":"2025-01-01T00:00:00Z","aliases":["CVE-2025-1","GHSA-aaaa-bbbb-cccc"],"summary":"Leaks <everything> & more\u0001",
         "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
         "affected":[{"package":{"name":"example.com/M","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.5.0"}]}]},
                     {"package":{"name":"stdlib","ecosystem":"Go"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.22.0-0"},{"fixed":"1.22.4"}]}]}]}
        """;

    private readonly ScratchDirectory _directory = new();

    public BillSite()
    {
        Tree = new DataTree(_directory["data"]);
        Tree.Prepare();
        Directory.CreateDirectory(_directory["db/ID"]);
        File.WriteAllText(_directory["db/ID/GO-2025-1.json"], Advisory);
    }

    public DataTree Tree { get; }

    /// <summary>An upstream, as GOPROXY has it.</summary>
    public string Upstream => "file://" + _directory["upstream"];

    public string Advisories => _directory["db"];

    public string Write(string name, string text)
    {
        File.WriteAllText(_directory[name], text);
        return _directory[name];
    }

    /// <summary>Stores a module with these licences at its root; gives its h1.</summary>
    public string Store(ModuleVersion module, params string[] licences)
    {
        var (zip, h1) = Zip(module, licences);
        var record = new ModuleRecord
        {
            Module = module,
            ZipH1 = h1,
            VerifiedBy = new VerifiedBy(VerificationKind.NoSumPattern, "example.com", DateTimeOffset.UnixEpoch),
            Zip = new StoredArtifact(Digest.Of(zip), zip.Length, "https://proxy.example", DateTimeOffset.UnixEpoch),
        };
        Directory.CreateDirectory(Path.GetDirectoryName(Tree.RecordPath(module))!);
        File.WriteAllBytes(Tree.RecordPath(module), RecordFile.Write(record));
        File.WriteAllBytes(Tree.ArtifactPath(module, ArtifactKind.Zip), zip);
        return h1;
    }

    /// <summary>Puts one into the upstream tree; gives its h1.</summary>
    public string Publish(ModuleVersion module, params string[] licences)
    {
        var (zip, h1) = Zip(module, licences);
        var directory = Path.Combine(_directory["upstream"], module.Path.Escaped, "@v");
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(Path.Combine(directory, module.EscapedVersion + ".zip"), zip);
        File.WriteAllText(Path.Combine(directory, module.EscapedVersion + ".mod"), $"module {module.Path}\n");
        File.WriteAllText(Path.Combine(directory, module.EscapedVersion + ".info"), $"{{\"Version\":\"{module.Version}\"}}");
        return h1;
    }

    public Task<CommandLineCall> RunAsync(params string[] args) => RunAsync(new Dictionary<string, string>(), args);

    public Task<CommandLineCall> RunAsync(IReadOnlyDictionary<string, string> variables, params string[] args) =>
        CommandLineCall.RunAsync(variables, ["sbom", "--data", Tree.Root, .. args]);

    /// <summary>The component of a bill in JSON with this reference.</summary>
    public static JsonElement Component(JsonElement bill, string reference) =>
        Assert.Single(bill.GetProperty("components").EnumerateArray(), component => component.GetProperty("bom-ref").GetString() == reference);

    /// <summary>A property of a component; null where it has none of that name.</summary>
    public static string? Property(JsonElement component, string name) => component.TryGetProperty("properties", out var all)
        ? all.EnumerateArray().Where(one => one.GetProperty("name").GetString() == "proxycluster:" + name).Select(static one => one.GetProperty("value").GetString()).SingleOrDefault() : null;

    public void Dispose() => _directory.Dispose();

    private static (byte[] Zip, string H1) Zip(ModuleVersion module, string[] licences)
    {
        var files = licences.Select(static (id, i) => ($"LICENSE{(i == 0 ? "" : "-" + id)}", ModuleLicencesTests.TextOf(id))).Concat([("go.mod", $"module {module.Path}\n"), ("lib.go", "package lib\n")])
            .Select(static file => (Name: file.Item1, Content: Encoding.UTF8.GetBytes(file.Item2)));
        using var zip = new MemoryStream();
        var created = ModuleZip.Create(zip, module, [.. files.Select(static file => ModuleFile.Of(file.Name, file.Content))]);
        Assert.Empty(created.Check.Faults);
        zip.Position = 0;
        Assert.True(ZipDirectory.TryOpen(zip, ZipLimits.Default, out var directory, out var error), error);
        Assert.True(ModuleHash.TryOfZip(directory, out var h1, out _, TestContext.Current.CancellationToken));
        return (zip.ToArray(), h1);
    }
}
