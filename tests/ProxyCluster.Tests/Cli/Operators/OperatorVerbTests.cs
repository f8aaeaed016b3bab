using System.Text.Json;
using ProxyCluster.Routing;
using ProxyCluster.TestKit.Processes;
using ProxyCluster.Tests.Failover;

namespace ProxyCluster.Tests.Cli.Operators;

/// <summary>The commands of operators, as they are typed, on a cluster of three regions.</summary>
public sealed class OperatorVerbTests(OperatorVerbTests.Running running) : IClassFixture<OperatorVerbTests.Running>
{
    [Fact]
    public async Task Status_OfACluster_NamesRegionsAndMembers()
    {
        var call = await RunAsync("status");

        Assert.Equal(0, call.Status);
        Assert.All(RegionsSystem.Names, region => Assert.Contains(region, call.Out, StringComparison.Ordinal));
        Assert.Contains("active", call.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', call.Out);
    }

    [Fact]
    public async Task Status_AsJson_IsOneObjectThatScriptsRead()
    {
        var call = await RunAsync("status", "--json");

        Assert.Equal(0, call.Status);
        using var json = JsonDocument.Parse(call.Out);
        Assert.Equal(RegionsSystem.Names, json.RootElement.GetProperty("regions").EnumerateArray().Select(static region => region.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Clients_OfAMember_NamesWhoAskedItInATableAndAsJson()
    {
        await RunAsync("status"); // by this machine

        var call = await RunAsync("clients");
        Assert.Equal(0, call.Status);
        Assert.Contains("127.0.0.1", call.Out, StringComparison.Ordinal);
        Assert.Contains("last minute of " + running.System["frankfurt"].Self!.Id, call.Out, StringComparison.Ordinal);
        Assert.Contains("last ten minutes of", (await RunAsync("clients", "--ten-minutes")).Out, StringComparison.Ordinal);

        using var json = JsonDocument.Parse((await RunAsync("clients", "--json")).Out);
        Assert.Equal("127.0.0.1", json.RootElement.GetProperty("tenMinutes").GetProperty("byRequests")[0].GetProperty("client").GetString());
    }

    [Fact]
    public async Task Drain_ThenUndrain_EachGivenTwice_IsObeyedOnceAndToldInEvents()
    {
        var before = running.System.Table("tokyo").LastEventId;

        var drained = await RunAsync("region", "drain", "tokyo", "--reason", "new racks");
        Assert.Equal(0, drained.Status);
        Assert.Contains("tokyo is drained\n", drained.Out, StringComparison.Ordinal);
        Assert.Contains("tokyo is drained: no work is in flight", drained.Out, StringComparison.Ordinal);
        await running.System.UntilAsync("tokyo", RegionState.Drained);

        var again = await RunAsync("region", "drain", "tokyo", "--reason", "new racks");
        Assert.Equal(0, again.Status);
        Assert.Contains("tokyo is drained already, by alice: new racks", again.Out, StringComparison.Ordinal);

        foreach (var told in (string[])["tokyo recovers, beginning with", ""])
        {
            var back = await RunAsync("region", "undrain", "tokyo", "--reason", "done");
            Assert.Equal(0, back.Status);
            Assert.Contains(told, back.Out, StringComparison.Ordinal);
        }

        await running.System.UntilAsync("tokyo", RegionState.Active, 100);
        foreach (var since in (string[])[$"{before}", "1h"])
        {
            var events = await RunAsync("events", "--since", since);
            Assert.Equal(0, events.Status);
            Assert.Single(events.Out.Split('\n'), static line => line.Contains("active -> drained: new racks (alice)", StringComparison.Ordinal));
            Assert.Single(events.Out.Split('\n'), static line => line.Contains("drained -> recovering: done (alice)", StringComparison.Ordinal));
        }

        var none = await RunAsync("events", "--since", "0s");
        Assert.Equal((0, ""), (none.Status, none.Out));
        var lines = (await RunAsync("events", "--json", "--since", $"{before}")).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, static line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
    }

    [Fact]
    public async Task Fail_ThenRecover_TakesTheRegionOutAndBack()
    {
        Assert.Equal(0, (await RunAsync("region", "fail", "sanjose", "--reason", "smoke")).Status);
        await running.System.UntilAsync("sanjose", RegionState.Failed);

        var wrong = await RunAsync("region", "undrain", "sanjose", "--reason", "mixed up");
        Assert.Equal(1, wrong.Status);
        Assert.Contains("use recover", wrong.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync("region", "recover", "sanjose", "--reason", "no fire")).Status);
        await running.System.UntilAsync("sanjose", RegionState.Active, 100);
    }

    [Fact]
    public async Task Drain_OfAllButOne_TheLastIsRefusedUnlessByForce()
    {
        await using var system = await RegionsSystem.StartAsync();
        var urls = system.Url("frankfurt");
        foreach (var region in (string[])["tokyo", "sanjose"])
            Assert.Equal(0, (await RunOnAsync(urls, Token, "region", "drain", region, "--reason", "a test", "--no-wait")).Status);

        var refused = await RunOnAsync(urls, Token, "region", "drain", "frankfurt", "--reason", "a test", "--no-wait");
        Assert.Equal(1, refused.Status);
        Assert.Contains("frankfurt is the last region in service", refused.Error, StringComparison.Ordinal);

        var forced = await RunOnAsync(urls, Token, "region", "drain", "frankfurt", "--reason", "a test", "--no-wait", "--force");
        Assert.Equal(0, forced.Status);
        await system.UntilAsync("frankfurt", RegionState.Drained);
    }

    [Theory]
    [InlineData("region drain atlantis --reason x", "there is no region atlantis", 1)]
    [InlineData("region drain tokyo", "--reason", 2)]
    [InlineData("events --since yesterday", "--since yesterday: use the id of an event, a time such as 1h", 2)]
    public async Task Run_WhatMakesNoSense_IsToldInASentence(string line, string told, int status)
    {
        var call = await RunAsync(line.Split(' '));

        Assert.Equal(status, call.Status);
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", call.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not-a-token-of-theirs", "status", "a bearer token of the token file is needed")]
    [InlineData(RegionsSystem.Viewer, "region drain tokyo --reason x", "victor is a viewer; this takes an operator")]
    public async Task Run_WithTheWrongToken_IsRefusedAndToldWhy(string token, string line, string told)
    {
        var call = await RunOnAsync(running.System.Url("tokyo"), running.WriteToken(token), line.Split(' '));

        Assert.Equal(1, call.Status);
        Assert.Contains(told, call.Error, StringComparison.Ordinal);
        Assert.Equal(RegionState.Active, running.System.Table("tokyo").FindOrNull("tokyo")!.State);
    }

    [Fact]
    public async Task Run_FirstMemberAway_TheSecondIsAsked()
    {
        var dead = "http://127.0.0.1:1";

        Assert.Equal(0, (await RunOnAsync($"{dead},{running.System.Url("tokyo")}", Token, "status", "--json")).Status);
        var nobody = await RunOnAsync(dead, Token, "status");
        Assert.Equal(1, nobody.Status);
        Assert.Contains("127.0.0.1:1 cannot be reached", nobody.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutATokenFile_NamesTheFile()
    {
        var call = await RunOnAsync(running.System.Url("tokyo"), "nowhere", "status");

        Assert.Equal(2, call.Status);
        Assert.Contains("nowhere cannot be read", call.Error, StringComparison.Ordinal);
    }

    private string Token => running.WriteToken(RegionsSystem.Operator);

    private Task<CommandLineCall> RunAsync(params string[] args) => RunOnAsync(running.System.Url("frankfurt"), Token, args);

    private static Task<CommandLineCall> RunOnAsync(string urls, string token, params string[] args) =>
        CommandLineCall.RunAsync([.. args, "--url", urls, "--token-file", token]);

    /// <summary>One cluster for all of them; each leaves it as it was.</summary>
    public sealed class Running : IAsyncLifetime
    {
        private readonly ScratchDirectory _scratch = new();

        internal RegionsSystem System { get; private set; } = null!;

        public async ValueTask InitializeAsync() => System = await RegionsSystem.StartAsync();

        public async ValueTask DisposeAsync()
        {
            await System.DisposeAsync();
            _scratch.Dispose();
        }

        internal string WriteToken(string token)
        {
            var file = _scratch[token];
            File.WriteAllText(file, token + "\n");
            return file;
        }
    }
}
