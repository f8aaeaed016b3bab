using System.Text;
using System.Xml;
using System.Xml.Schema;
using ProxyCluster.GoModules.Names;
using ProxyCluster.TestKit.Processes;

namespace ProxyCluster.Tests.Bills;

/// <summary>
/// Bills are what the official schemas of CycloneDX 1.6 ask for: the JSON by the strict validator of CycloneDX's own library, the XML by the
/// schema that comes with it. The two forms say the same.
/// </summary>
[Trait("Needs", "cyclonedx")]
public sealed class CycloneDxTests : IDisposable
{
    private const string Validate =
        """
        const cyclonedx = require('@cyclonedx/cyclonedx-library');
        const text = require('fs').readFileSync(process.argv[1], 'utf8');
        new cyclonedx.Validation.JsonStrictValidator(cyclonedx.Spec.Version.v1dot6).validate(text)
            .then(errors => { if (errors !== null) { console.log(JSON.stringify(errors)); process.exit(1); } });
        """;

    private static readonly string Library = Path.Combine(Repository.Cache, "cyclonedx");

    private readonly BillSite _site = new();

    [Theory]
    [InlineData("sum")]
    [InlineData("mod")]
    [InlineData("graph")]
    [InlineData("listing")]
    [InlineData("programs")]
    public async Task Bill_OfEachSource_IsValid(string source)
    {
        string[] args = [.. Source(source), "--vulndb", _site.Advisories, "--timestamp", "2026-01-02T03:04:05Z"];

        var json = await _site.RunAsync(args);
        var xml = await _site.RunAsync([.. args, "--format", "cyclonedx-xml"]);

        Assert.Equal((0, 0, "", ""), (json.Status, xml.Status, json.Error, xml.Error));
        Assert.Contains("GO-2025-1", json.Out, StringComparison.Ordinal);
        Assert.Null(await JsonFaultOrNullAsync(json.Out));
        Assert.Empty(XmlFaults(xml.Out));
    }

    [Fact]
    public async Task Validators_OfWhatIsWrong_SayNo()
    {
        Assert.NotNull(await JsonFaultOrNullAsync((await _site.RunAsync(Source("sum"))).Out.Replace("\"library\"", "\"book\"", StringComparison.Ordinal)));
        Assert.NotEmpty(XmlFaults((await _site.RunAsync([.. Source("sum"), "--format", "cyclonedx-xml"])).Out.Replace("\"library\"", "\"book\"", StringComparison.Ordinal)));
    }

    public void Dispose() => _site.Dispose();

    // Affected, with one licence and with several, with parts under others, replaced, in a directory, with names that nobody should have.
    private string[] Source(string source)
    {
        var m = new ModuleVersion(ModulePath.Parse("example.com/M"), "v1.4.0");
        _site.Store(m, "MIT");
        _site.Store(new ModuleVersion(ModulePath.Parse("example.com/two"), "v1.0.0"), "Apache-2.0", "BSD-3-Clause");
        const string Modules = "example.com/M v1.4.0\nexample.com/two v1.0.0\nexample.com/old v2.0.0+incompatible\ngit.sr.ht/~user/x v0.1.0\nexample.com/<&\">\u0001 v1.0.0\n";
        const string Programs = "app: go1.22.3\n\tpath\texample.com/app\n\tmod\texample.com/app\tv0.0.0-20240101000000-abcdefabcdef+dirty\n\tdep\texample.com/M\tv1.4.0\n\tdep\texample.com/r\tv1.0.0\n\t=>\t./r\t\n\tdep\texample.com/s\tv1.0.0\n\t=>\texample.com/two\tv1.0.0\n";
        return source switch
        {
            "sum" => ["--from", _site.Write("go.sum", Modules.Replace("\n", " h1:x=\n", StringComparison.Ordinal).Replace("example.com/M v1.4.0 h1:x=\nexample.com/two v1.0.0 h1:x=\n", $"example.com/M v1.4.0 {_site.Store(m, "MIT")}\n", StringComparison.Ordinal))],
            "mod" => ["--from", _site.Write("go.mod", "module example.com/app\n\nrequire (\n" + Modules + ")\nreplace example.com/old => ./old\n"), "--go", "go1.22.3"],
            "graph" => ["--from", _site.Write("graph", string.Concat(Modules.TrimEnd().Split('\n').Select(static line => $"example.com/app {line.Replace(' ', '@')}\n")) + "example.com/two@v1.0.0 example.com/M@v1.0.0\n")],
            "listing" => ["--from", _site.Write("listing", Programs)],
            _ => ["--from", _site.Write("listing", Programs + Programs.Replace("app", "other", StringComparison.Ordinal).Replace("1.22.3", "1.22.2", StringComparison.Ordinal))],
        };
    }

    private async Task<string?> JsonFaultOrNullAsync(string bill)
    {
        if (!Directory.Exists(Library))
            throw new ToolMissingException("CycloneDX's library is not installed (infra/install-cyclonedx)");
        var result = await ChildProcess.RunAsync(
            "node", ["-e", Validate, _site.Write("bill.json", bill)], new Dictionary<string, string> { ["PATH"] = Environment.GetEnvironmentVariable("PATH")! }, TimeSpan.FromMinutes(2), Library);
        return result.ExitCode == 0 ? null : result.Output + result.Errors;
    }

    private static List<string> XmlFaults(string bill)
    {
        var faults = new List<string>();
        var settings = new XmlReaderSettings { ValidationType = ValidationType.Schema };
        settings.Schemas.XmlResolver = new XmlUrlResolver(); // the licence list is a schema beside it
        settings.Schemas.Add(null, Path.Combine(Library, "node_modules", "@cyclonedx", "cyclonedx-library", "res", "schema", "bom-1.6.SNAPSHOT.xsd"));
        settings.ValidationFlags |= XmlSchemaValidationFlags.ReportValidationWarnings | XmlSchemaValidationFlags.ProcessIdentityConstraints;
        settings.ValidationEventHandler += (_, e) => faults.Add(e.Message);
        using var reader = XmlReader.Create(new MemoryStream(Encoding.UTF8.GetBytes(bill)), settings);
        while (reader.Read())
        {
        }

        return faults;
    }
}
