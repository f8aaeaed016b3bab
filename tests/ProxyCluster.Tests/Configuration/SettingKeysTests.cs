using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;

namespace ProxyCluster.Tests.Configuration;

public sealed class SettingKeysTests
{
    /// <summary>A flag or GOPROXY would silently lose its meaning if a room renamed its property.</summary>
    [Fact]
    public void SettingKeys_All_BelongToARoom()
    {
        var keys = typeof(SettingKeys).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        Assert.Empty(keys.Except(OptionsCatalog.From(new ServiceCollection().AddRooms()).Keys));
    }
}
