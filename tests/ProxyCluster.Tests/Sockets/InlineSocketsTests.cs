using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using ProxyCluster.Configuration;
using ProxyCluster.Hosting;
using ProxyCluster.Sockets;

namespace ProxyCluster.Tests.Sockets;

public class InlineSocketsTests
{
    [Fact]
    public async Task Build_HostThatSharesItsProcess_LeavesThePlatformsSocketsAlone()
    {
        await using var app = ProxyHost.Build(SettingsInput.Of(("Serve:Urls", "http://127.0.0.1:0")));
        Assert.False(app.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.UnsafePreferInlineScheduling);
        Assert.Null(Environment.GetEnvironmentVariable(InlineSockets.Variable));
    }

    [Theory]
    [InlineData(null, true, true)]
    [InlineData(null, false, false)]
    [InlineData("", true, true)]
    [InlineData("0", true, false)]
    [InlineData("1", false, true)]
    public void IsOn_OperatorsVariableAndSetting_TheVariableWins(string? variable, bool setting, bool expected) =>
        Assert.Equal(expected, InlineSockets.IsOn(variable, setting));
}
