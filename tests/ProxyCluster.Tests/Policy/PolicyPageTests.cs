using System.Runtime.CompilerServices;
using ProxyCluster.Policy;

namespace ProxyCluster.Tests.Policy;

/// <summary>The examples of docs/policy.md are read, and decide as the page says.</summary>
public sealed class PolicyPageTests
{
    [Fact]
    public void Page_ItsCases_AreAsItsPolicyDecides()
    {
        var (policy, cases) = (Block(0), Block(1));
        var document = PolicyReader.ReadOrNull(policy, out var mistakes);
        Assert.True(document is not null, string.Join('\n', mistakes));
        var read = PolicyCase.ReadOrNull(cases, out mistakes);
        Assert.True(read is not null, string.Join('\n', mistakes));

        var set = PolicySet.Of(1, document);
        Assert.Empty(read.Select(one => one.FaultOrNull(one.Ask(set, new DateTimeOffset(2026, 1, 2, 0, 0, 0, default), PolicyAdvisories.None).Decision)).OfType<string>());
    }

    private static string Block(int number, [CallerFilePath] string here = "") =>
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/policy.md")).Split("```yaml\n")[number + 1].Split("```")[0];
}
