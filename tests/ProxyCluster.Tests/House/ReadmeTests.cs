using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace ProxyCluster.Tests.House;

/// <summary>The one map of the tree is kept true: every place that it names exists, and no room is missing from it.</summary>
public partial class ReadmeTests
{
    [Fact]
    public void Map_EveryPlace_Exists() => Assert.All(
        Places(), static place => Assert.True(Directory.Exists(Path.Combine(Root(), place)), place));

    [Fact]
    public void Map_EveryRoom_IsOnIt()
    {
        var rooms = Directory.GetDirectories(Path.Combine(Root(), "src/ProxyCluster"))
            .Select(static room => Path.GetFileName(room))
            .Where(static room => room is not ("bin" or "obj"))
            .Select(static room => $"src/ProxyCluster/{room}");
        Assert.Empty(rooms.Except(Places()));
    }

    private static IEnumerable<string> Places()
    {
        var readme = File.ReadAllText(Path.Combine(Root(), "README.md"));
        var map = readme[readme.IndexOf("## To change X open Y", StringComparison.Ordinal)..];
        return Place().Matches(map).Select(static match => match.Groups[1].Value).Where(static text => !text.EndsWith(".md", StringComparison.Ordinal) && (text.Contains('/', StringComparison.Ordinal) || text == "samples") && text != "/sumdb");
    }

    private static string Root([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Place();
}
