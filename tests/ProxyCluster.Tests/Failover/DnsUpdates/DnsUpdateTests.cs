using System.Net;
using System.Security.Cryptography;
using ProxyCluster.Failover.DnsUpdates;
using ProxyCluster.TestKit;
using ProxyCluster.TestKit.Dns;

namespace ProxyCluster.Tests.Failover.DnsUpdates;

/// <summary>Updates at a real BIND.</summary>
[Trait("Needs", "dns")]
public sealed class DnsUpdateTests : IAsyncLifetime
{
    private BindProcess _bind = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _bind = await BindProcess.StartAsync();

    public ValueTask DisposeAsync() => _bind.DisposeAsync();

    [Fact]
    public async Task Send_Addresses_AreWhatTheNameHoldsAndNothingElse()
    {
        Assert.Null(await SendAsync(("tokyo.go.example", ["10.0.0.1", "10.0.0.2", "fd00::1"])));
        Assert.Equal("10.0.0.1 10.0.0.2", await _bind.AskAsync("tokyo.go.example", "A"));
        Assert.Equal("fd00::1", await _bind.AskAsync("tokyo.go.example", "AAAA"));

        Assert.Null(await SendAsync(("tokyo.go.example", ["10.9.0.1"]), ("all.go.example", ["10.9.0.1", "10.8.0.1"])));

        Assert.Equal("10.9.0.1", await _bind.AskAsync("tokyo.go.example", "A"));
        Assert.Equal("", await _bind.AskAsync("tokyo.go.example", "AAAA"));
        Assert.Equal("10.8.0.1 10.9.0.1", await _bind.AskAsync("all.go.example", "A"));
    }

    [Fact]
    public async Task Send_TheSameAgain_ChangesNothing()
    {
        Assert.Null(await SendAsync(("tokyo.go.example", ["10.0.0.1"])));
        var serial = await _bind.SerialAsync();

        Assert.Null(await SendAsync(("tokyo.go.example", ["10.0.0.1"])));

        Assert.Equal(serial, await _bind.SerialAsync());
    }

    [Fact]
    public async Task Send_NameThatWasAnAlias_HoldsTheAddresses()
    {
        Assert.Null(await SendAsync(("old.go.example", ["10.0.0.1"])));

        Assert.Equal("10.0.0.1", await _bind.AskAsync("old.go.example", "A"));
    }

    [Fact]
    public async Task Send_WrongSecret_IsRefusedWithTheCause()
    {
        var key = _bind.WriteKey("wrong", "proxycluster", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

        Assert.Contains("BADSIG", await SendAsync(Options(key), ("tokyo.go.example", ["10.0.0.1"])), StringComparison.Ordinal);

        Assert.Equal("", await _bind.AskAsync("tokyo.go.example", "A"));
    }

    [Fact]
    public async Task Send_UnknownKey_IsRefusedWithTheCause()
    {
        var key = _bind.WriteKey("unknown", "somebody", Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

        Assert.Contains("BADKEY", await SendAsync(Options(key), ("tokyo.go.example", ["10.0.0.1"])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_ByAnotherClock_IsRefusedWithTheCause() => Assert.Contains(
        "BADTIME",
        await SendAsync(Options(), new ManualTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50)), ("tokyo.go.example", ["10.0.0.1"])),
        StringComparison.Ordinal);

    [Fact]
    public async Task Send_NameThatTheKeyMayNotChange_ChangesNothingAtAll()
    {
        Assert.Contains("REFUSED", await SendAsync(("tokyo.go.example", ["10.0.0.1"]), ("kept.go.example", ["10.0.0.1"])), StringComparison.Ordinal);

        Assert.Equal("", await _bind.AskAsync("tokyo.go.example", "A"));
    }

    [Fact]
    public async Task Send_ZoneOfAnotherServer_IsRefusedWithTheCause()
    {
        var options = Options();
        options.Zone = "other.example";

        Assert.Contains("NOTAUTH", await SendAsync(options, ("tokyo.other.example", ["10.0.0.1"])), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Send_NobodyListens_IsAFailure()
    {
        await _bind.StopAsync();

        Assert.NotNull(await SendAsync(("tokyo.go.example", ["10.0.0.1"])));
    }

    private Task<string?> SendAsync(params (string Name, string[] Addresses)[] holdings) => SendAsync(Options(), holdings);

    private static Task<string?> SendAsync(DnsOptions options, params (string Name, string[] Addresses)[] holdings) =>
        SendAsync(options, TimeProvider.System, holdings);

    private static Task<string?> SendAsync(DnsOptions options, TimeProvider clock, params (string Name, string[] Addresses)[] holdings) =>
        DnsUpdateCall.SendAsync(options, [.. holdings.Select(static one => HoldingOf(one.Name, one.Addresses))], clock, Cancel);

    internal static DnsHolding HoldingOf(string name, params string[] addresses)
    {
        Assert.True(DnsName.TryParse(name, out var parsed));
        return new DnsHolding(parsed, [.. addresses.Select(IPAddress.Parse)]);
    }

    private DnsOptions Options(string? keyFile = null) => new()
    {
        Server = _bind.Server,
        Zone = BindProcess.Zone,
        KeyFile = keyFile ?? _bind.KeyFile,
        Timeout = TimeSpan.FromMinutes(1),
    };
}
