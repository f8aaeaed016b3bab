using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ProxyCluster.Drills.Topology;

/// <summary>A running local cluster as another shell finds it: a file in its directory.</summary>
/// <param name="Directory">The cluster's directory.</param>
/// <param name="ProcessId">The process that started it, holds the lines between its regions and ends it.</param>
/// <param name="ProcessStart">When that process started, in clock ticks since boot: ids are used again.</param>
/// <param name="Processes">All processes.</param>
internal sealed record ClusterState(
    string Directory, int ProcessId, long ProcessStart, IReadOnlyList<ProcessState> Processes)
{
    /// <summary>The file's name in a cluster's directory.</summary>
    public static string FileIn(string directory) => Path.Combine(directory, "cluster.json");

    /// <summary>The state of a cluster that this process runs.</summary>
    public static ClusterState Of(ProcessCluster cluster) => new(
        cluster.Directory,
        Environment.ProcessId,
        StartOf(Environment.ProcessId) ?? 0,
        [.. cluster.Processes.Select(static p => new ProcessState(p.Name, p.Region, p.Kind, p.Url, p.ProcessId, p.Plan.Log))]);

    /// <summary>The state of the cluster in a directory; null when none runs there.</summary>
    public static ClusterState? FindOrNull(string directory)
    {
        try
        {
            var state = JsonSerializer.Deserialize(File.ReadAllBytes(FileIn(directory)), ClusterStateJson.Default.ClusterState);
            return state is not null && state.IsRunning ? state : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether the process that started it is still there.</summary>
    [JsonIgnore]
    public bool IsRunning => StartOf(ProcessId) == ProcessStart;

    /// <summary>Writes the file; readers see the old or the new one.</summary>
    public void Write()
    {
        var file = FileIn(Directory);
        File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(this, ClusterStateJson.Default.ClusterState));
        File.Move(file + ".new", file, overwrite: true);
    }

    // proc(5): field 22; the name in field 2 may hold anything, but ends with the last parenthesis.
    private static long? StartOf(int process)
    {
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] == "Z" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>One process of it.</summary>
internal sealed record ProcessState(string Name, string Region, ProcessKind Kind, Uri Url, int? ProcessId, string Log)
{
    /// <summary>As much of its plan as asking it needs.</summary>
    public ProcessPlan Plan() => new(Name, Region, Kind, Url, "", [], new Dictionary<string, string>(), "", Log);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, WriteIndented = true)]
[JsonSerializable(typeof(ClusterState))]
internal sealed partial class ClusterStateJson : JsonSerializerContext;
