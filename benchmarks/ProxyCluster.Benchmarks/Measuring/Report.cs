using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Benchmarks.Measuring;

/// <summary>Collects findings; prints each group as it is complete, and all of it as JSON.</summary>
internal sealed class Report(TextWriter output)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly List<Finding> _findings = [];
    private readonly List<string> _leftOut = [];

    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>Prints a group under a title.</summary>
    public void Add(string title, IReadOnlyList<Finding> findings)
    {
        _findings.AddRange(findings);
        output.WriteLine();
        output.WriteLine(title);
        var subject = findings.Max(f => f.Subject.Length);
        var figure = findings.Max(f => f.Figure.Length);
        foreach (var f in findings)
        {
            var spread = f.Value.Count > 1
                ? string.Create(CultureInfo.InvariantCulture, $"[{f.Value.Low:0.00}..{f.Value.High:0.00}]")
                : "";
            var verdict = f.Target is null ? "" : $"{f.Target} {(f.Met == true ? "met" : "MISSED")}";
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {f.Subject.PadRight(subject)}  {f.Figure.PadRight(figure)}  {f.Value.Median,8:0.00} {spread,-16} {verdict,-15} {f.Notes}").TrimEnd());
        }
    }

    /// <summary>Says why a scenario was not measured.</summary>
    public void LeftOut(string scenario, string reason)
    {
        _leftOut.Add($"{scenario}: {reason}");
        output.WriteLine();
        output.WriteLine($"{scenario} was not measured: {reason}");
    }

    /// <summary>Writes everything, with the kind of machine and the command.</summary>
    public void WriteJson(string file, string command) => File.WriteAllText(file, JsonSerializer.Serialize(
        new
        {
            Date = TimeProvider.System.GetUtcNow(),
            Command = command,
            Machine = new
            {
                Cores = Environment.ProcessorCount,
                Architecture = RuntimeInformation.OSArchitecture.ToString(),
                System = RuntimeInformation.OSDescription,
                Runtime = RuntimeInformation.FrameworkDescription,
            },
            Findings = _findings,
            LeftOut = _leftOut,
        },
        Json) + "\n");
}
