using Microsoft.Extensions.Options;
using ProxyCluster.Access;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.Tests.Access;

/// <summary>Who may read what, by rules alone.</summary>
public sealed class AccessRulesTests
{
    private static readonly Identity Alice = new("alice", ["payments", "go/tools"]);
    private static readonly Identity Bob = new("bob", []);

    public static TheoryData<string, string, string, bool, bool, bool> Cases => new()
    {
        // readers of git.test/*, namespace of the rule, namespace asked in; alice, bob, anonymous
        { "anonymous", "", "", true, true, true },
        { "anybody", "", "", true, true, false },
        { "subject:alice", "", "", true, false, false },
        { "subject:a*", "", "", true, false, false },
        { "subject:lice", "", "", false, false, false },
        { "group:payments", "", "", true, false, false },
        { "group:go/*", "", "", true, false, false },
        { "group:*", "", "", true, false, false },
        { "group:alice", "", "", false, false, false },
        { "subject:bob,group:payments", "", "", true, true, false },
        { "anybody", "pay", "pay", true, true, false },
        { "anybody", "pay", "", false, false, false },
        { "anybody", "pay", "other", false, false, false },
        { "anonymous", "pay", "", false, false, false },
        { "anonymous", "pay", "pay", true, true, true },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void MayRead_AModuleThatARuleNames_IsForThoseOfTheRule(
        string readers, string ofNamespace, string inNamespace, bool alice, bool bob, bool anonymous)
    {
        var rules = Rules(("git.test/*", readers, ofNamespace));
        var module = ModulePath.Parse("git.test/pay/core");
        Assert.Equal(
            (alice, bob, anonymous),
            (rules.MayRead(module, Alice, inNamespace), rules.MayRead(module, Bob, inNamespace), rules.MayRead(module, null, inNamespace)));
        Assert.Equal(readers == "anonymous" && ofNamespace.Length == 0, rules.IsForAnybody(module));
    }

    [Fact]
    public void MayRead_AModuleThatSeveralRulesName_IsForThoseOfTheFirst()
    {
        var rules = Rules(("git.test/secret", "subject:alice", ""), ("git.test", "anybody", ""));
        Assert.False(rules.MayRead(ModulePath.Parse("git.test/secret/x"), Bob, ""));
        Assert.True(rules.MayRead(ModulePath.Parse("git.test/open"), Bob, ""));
    }

    [Theory]
    [InlineData("git.test/secret.git")]
    [InlineData("git.test/secret.git/deeper/v2")]
    [InlineData("git.test/Secret/x")]
    [InlineData("git.test/secret.fossil")]
    public void MayRead_AnotherNameOfTheSameRepository_IsForThoseOfTheRuleThatKeepsPeopleOut(string path)
    {
        var rules = Rules(("git.test/secret", "subject:alice", ""), ("git.test", "anonymous", ""));
        var module = ModulePath.Parse(path);
        Assert.False(rules.MayRead(module, Bob, ""));
        Assert.False(rules.IsForAnybody(module));
        Assert.True(rules.MayRead(module, Alice, ""));

        // Whoever is let in by a name is let in by that alone.
        Assert.False(Rules(("git.test/secret", "anonymous", ""), ("git.test", "subject:alice", "")).MayRead(module, Bob, ""));
        Assert.True(rules.MayRead(ModulePath.Parse("git.test/secrets"), Bob, ""));
    }

    [Fact]
    public void MayRead_ARuleOfAnotherNamespaceBefore_IsForThoseOfTheNextThatCounts()
    {
        var rules = Rules(("git.test", "subject:alice", "pay"), ("git.test", "anonymous", ""));
        var module = ModulePath.Parse("git.test/x");
        Assert.False(rules.MayRead(module, null, "pay"));
        Assert.True(rules.MayRead(module, null, ""));
        Assert.False(rules.IsForAnybody(module));
    }

    [Fact]
    public void MayRead_AModuleThatNoRuleNames_IsForThoseOfTheDefault()
    {
        var module = ModulePath.Parse("example.com/m");
        Assert.True(Rules(("git.test", "anybody", "")).MayRead(module, null, ""));
        Assert.True(Rules(("git.test", "anybody", "")).IsForAnybody(module));

        var closed = Options("anybody", []);
        Assert.False(new AccessRules(closed).MayRead(module, null, ""));
        Assert.True(new AccessRules(closed).MayRead(module, Bob, ""));
        Assert.False(new AccessRules(closed).IsForAnybody(module));
        Assert.False(new AccessRules(closed).IsAnythingOpen);
    }

    [Fact]
    public void IsOpen_WithNoRuleThatKeepsAnybodyOut_IsTrue()
    {
        Assert.True(new AccessRules(Microsoft.Extensions.Options.Options.Create(new AccessOptions())).IsOpen);
        Assert.True(Rules(("git.test", "anonymous", "")).IsOpen);
        Assert.False(Rules(("git.test", "anonymous", "pay")).IsOpen);
        Assert.False(Rules(("git.test", "anybody", "")).IsOpen);
    }

    [Theory]
    [InlineData("/example.com/m/@v/list", "/example.com/m/@v/list", "")]
    [InlineData("/ns/pay/example.com/m/@v/list", "/example.com/m/@v/list", "pay")]
    [InlineData("/ns/pay", "", "pay")]
    [InlineData("/ns/other/example.com/m/@v/list", null, null)]
    [InlineData("/ns//example.com/m/@v/list", null, null)]
    [InlineData("/ns/", null, null)]
    public void TryCutNamespace_OfAPath_GivesItsNameAndTheRest(string path, string? rest, string? name)
    {
        var cut = path.AsSpan();
        Assert.Equal(name is not null, Rules(("git.test", "anybody", "pay")).TryCutNamespace(ref cut, out var found));
        Assert.Equal(name, found);
        if (name is not null)
            Assert.Equal(rest, cut.ToString());
    }

    [Fact]
    public void TryCutNamespace_WithoutNamespaces_KnowsNone()
    {
        var cut = "/ns/pay/x".AsSpan();
        Assert.False(Rules().TryCutNamespace(ref cut, out _));
    }

    [Fact]
    public void TryCutNamespace_OnTheFastPath_DoesNotAllocate()
    {
        var rules = Rules(("git.test", "anybody", "pay"));
        Cut(rules);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Cut(rules);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Cut(AccessRules rules)
        {
            foreach (var path in (ReadOnlySpan<string>)["/example.com/m/@v/list", "/ns/pay/example.com/m/@v/list"])
            {
                var cut = path.AsSpan();
                rules.TryCutNamespace(ref cut, out _);
            }
        }
    }

    internal static IOptions<AccessOptions> Options(string byDefault, IEnumerable<(string Modules, string Readers, string Namespace)> rules)
    {
        var options = new AccessOptions();
        options.Default.Clear();
        options.Default.AddRange(byDefault.Split(','));
        foreach (var (modules, readers, ofNamespace) in rules)
        {
            var rule = new AccessRuleOptions { Modules = modules, Namespace = ofNamespace };
            rule.Read.AddRange(readers.Split(','));
            options.Rules.Add(rule);
        }

        return Microsoft.Extensions.Options.Options.Create(options);
    }

    private static AccessRules Rules(params (string Modules, string Readers, string Namespace)[] rules) => new(Options("anonymous", rules));
}
