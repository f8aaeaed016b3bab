using System.Text;
using System.Text.Json;

namespace ProxyCluster.Tests.Hosting;

/// <summary>What the program tells the runtime that it runs on.</summary>
public sealed class RuntimeSettingsTests
{
    // The runtime ignores what it does not know.
    [Theory]
    [InlineData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", 0)]
    [InlineData("System.Runtime.TieredCompilation.CallCountingDelayMs", 20)]
    [InlineData("System.Runtime.TieredCompilation.CallCountThreshold", 1000)]
    [InlineData("System.GC.Gen0MaxBudget", 4 << 20)]
    public void Setting_OfTheProgram_IsOneThatTheRuntimeReads(string name, int value)
    {
        using var settings = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "proxycluster.runtimeconfig.json")));

        Assert.Equal(value, settings.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty(name).GetInt32());
        var managed = typeof(object).Assembly.Location;
        Assert.Contains(
            [managed, .. Directory.GetFiles(Path.GetDirectoryName(managed)!, "*coreclr*")],
            file => Holds(File.ReadAllBytes(file), Encoding.Unicode) || Holds(File.ReadAllBytes(file), Encoding.ASCII));

        bool Holds(byte[] file, Encoding encoding) => file.AsSpan().IndexOf(encoding.GetBytes(name)) >= 0;
    }
}
