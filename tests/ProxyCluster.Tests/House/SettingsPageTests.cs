using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.House;

/// <summary>Everything that can be set stands on one page, with the default and the limits that the program has.</summary>
public sealed class SettingsPageTests
{
    [Fact]
    public void Page_IsWhatTheOptionsSay()
    {
        var page = new SettingsPage();
        var tables = page.Write(OptionsCatalog.From(new ServiceCollection().AddRooms()));
        Assert.Empty(page.Unexplained);

        var path = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../../docs/settings.md"));
        var text = File.Exists(path) ? File.ReadAllText(path) : "";
        var first = text.IndexOf("\n## ", StringComparison.Ordinal) + 1;
        var wanted = Path.Combine(AppContext.BaseDirectory, "settings.md");
        File.WriteAllText(wanted, text[..first] + tables);
        Assert.True(text[first..] == tables, $"the options have changed: copy {wanted} to docs/settings.md and read what is new");
    }

    private static string Here([CallerFilePath] string here = "") => here;
}
