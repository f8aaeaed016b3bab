using ProxyCluster.Failover;
using ProxyCluster.Failover.DnsUpdates;

namespace ProxyCluster.Tests.Failover;

public sealed class FailoverOptionsTests
{
    [Fact]
    public void Defaults_AreValid() => Assert.True(new FailoverOptionsValidation().Validate(null, new FailoverOptions()).Succeeded);

    [Fact]
    public void Dns_MistakesOfEveryKind_AreAllReported()
    {
        var options = new FailoverOptions
        {
            Dns = new()
            {
                Server = "a b",
                Zone = "go..example",
                KeyFile = "/nowhere/key",
                All = "all.example.com",
                Regions = [new() { Region = "a", Name = "*" }, new() { Region = "a", Name = "*", Addresses = ["10.0.0.300"] }],
            },
        };

        var failures = new DnsOptionsValidation().Validate(null, options).Failures!.ToList();

        foreach (var start in new[] { "Server", "Zone", "KeyFile", "Regions:0:Addresses", "Regions:1:Addresses", "Regions: a is there", "Regions: * is named" })
            Assert.Contains(failures, failure => failure.StartsWith($"Failover:Dns:{start}", StringComparison.Ordinal));
        options.Dns.Zone = "go.example";
        Assert.Contains(new DnsOptionsValidation().Validate(null, options).Failures!, static failure => failure.Contains("all.example.com is no name in the zone", StringComparison.Ordinal));
        Assert.True(new DnsOptionsValidation().Validate(null, new FailoverOptions()).Succeeded);
    }

    [Fact]
    public void Webhook_WithTwoAddressesOrNone_IsAMistake()
    {
        var options = new FailoverOptions { Webhooks = [new() { Url = new Uri("http://a"), UrlFile = "/etc/hostname" }, new(), new() { UrlFile = "/nowhere" }] };

        Assert.Equal(
            ["Failover:Webhooks:0:Url", "Failover:Webhooks:1:Url", "Failover:Webhooks:2:UrlFile"],
            new FailoverOptionsValidation().Validate(null, options).Failures!.Select(static failure => failure[..failure.IndexOf(": ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void Mistakes_OfEveryKind_AreAllReported()
    {
        var options = new FailoverOptions
        {
            SuspectAfter = TimeSpan.FromSeconds(9),
            FailedAfter = TimeSpan.FromSeconds(1),
            PauseTolerance = TimeSpan.FromMilliseconds(100),
            FailedHold = TimeSpan.FromMinutes(9),
            RecoveryShares = [30, 10],
            Webhooks = [new WebhookOptions { Url = new Uri("ftp://example.com/"), SecretFile = "/nowhere/secret" }],
        };

        var failures = new FailoverOptionsValidation().Validate(null, options).Failures!.ToList();

        foreach (var key in new[] { "SuspectAfter", "FailedAfter", "PauseTolerance", "MaxFailedHold", "RecoveryShares", "Webhooks:0:Url", "Webhooks:0:SecretFile" })
            Assert.Contains(failures, failure => failure.StartsWith($"Failover:{key}: ", StringComparison.Ordinal));
        Assert.Equal(7, failures.Count);
    }
}
