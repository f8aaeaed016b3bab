using ProxyCluster.Failover;

namespace ProxyCluster.Tests.Failover;

public sealed class FailoverOptionsTests
{
    [Fact]
    public void Defaults_AreValid() => Assert.True(new FailoverOptionsValidation().Validate(null, new FailoverOptions()).Succeeded);

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
