using FsCheck;
using FsCheck.Fluent;
using ProxyCluster.GoModules.Names;

namespace ProxyCluster.GoModules.Tests.Names;

public sealed class NamesProperties
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(5000);

    // Pieces that make valid and nearly valid names far more often than arbitrary text does.
    private static readonly Arbitrary<string> PathLike = Joined(
        "github.com/", "gopkg.in/", "x.org/", "/", "a", "B", "Zz", "-", ".", "_", "~1", "!", "/v2", ".v1", "con", "é", "\ud800");

    private static readonly Arbitrary<string> VersionLike = Joined(
        "v1", "v", "0", "1", "10", "99999999999999999999", ".", ".2", ".0", "-", "-rc", "-0.", "+incompatible", "A", "20180208041248", "-abc");

    [Fact]
    public void EscapeUnescape_ValidPath_RoundTrips() => Prop.ForAll(PathLike, static text =>
    {
        if (!ModulePath.TryParse(text, out var path, out _))
            return true;
        return !path.Escaped.Any(char.IsAsciiLetterUpper)
            && ModulePath.TryUnescape(path.Escaped, out var back, out _) && back == path;
    }).Check(Many);

    [Fact]
    public void UnescapeEscape_WhateverUnescapes_HasOneEscapedForm() => Prop.ForAll(PathLike, static text =>
        !Escaping.TryUnescape(text, out var plain) || Escaping.Escape(plain) == text).Check(Many);

    [Fact]
    public void EscapeUnescape_Version_RoundTrips() => Prop.ForAll(VersionLike, static text =>
        !Escaping.TryEscapeVersion(text, out var escaped)
            || (Escaping.TryUnescape(escaped, out var back) && back == text)).Check(Many);

    [Fact]
    public void Parsers_AnyText_NeverThrow() => Prop.ForAll(
        ArbMap.Default.ArbFor<string>(), static text => ParsersSurvive(text ?? "")).Check(Many);

    [Fact]
    public void Parsers_NearlyValidText_NeverThrow()
    {
        Prop.ForAll(PathLike, static text => ParsersSurvive(text)).Check(Many);
        Prop.ForAll(VersionLike, static text => ParsersSurvive(text)).Check(Many);
    }

    [Fact]
    public void SemverOrder_AnyThree_IsTotal() => Prop.ForAll(VersionLike, VersionLike, VersionLike, static (a, b, c) =>
    {
        var order = Semver.Order;
        var ab = Math.Sign(order.Compare(a, b));
        return ab == -Math.Sign(order.Compare(b, a))
            && ab == 0 == (a == b)
            && (ab > 0 || order.Compare(b, c) > 0 || order.Compare(a, c) <= 0);
    }).Check(Many);

    [Fact]
    public void Canonical_ValidVersion_IsStableAndEqual() => Prop.ForAll(VersionLike, static text =>
        Semver.CanonicalOrNull(text) is not { } canonical
            || (Semver.CanonicalOrNull(canonical) == canonical && Semver.Compare(text, canonical) == 0)).Check(Many);

    [Fact]
    public void PseudoVersion_Create_ParsesBack() => Prop.ForAll(VersionLike, static text =>
    {
        if (Semver.CanonicalOrNull(text) is not { } canonical)
            return true;
        var time = new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero);
        return PseudoVersion.TryParse(PseudoVersion.Create(null, canonical, time, "abc"), out var pseudo, out _)
            && pseudo == new PseudoVersion(canonical, time, "abc");
    }).Check(Many);

    private static bool ParsersSurvive(string text)
    {
        _ = ModulePath.TryParse(text, out var path, out var error);
        _ = ModulePath.TryUnescape(text, out _, out _);
        _ = ModuleVersion.TryParse("x.org/y", text, out _, out _);
        _ = VersionQuery.TryParse(ModulePath.Parse("x.org/y"), text, out _, out _);
        _ = PseudoVersion.TryParse(text, out _, out _);
        _ = FilePathRules.TryCheck(text, out _);
        ModulePathPatterns.Parse(text).MatchOrNull(ModulePath.Parse("x.org/y/z"));
        ModulePathPatterns.Parse("x.org/*").MatchOrNull(path);
        return path.Value == (error is null ? text : "");
    }

    private static Arbitrary<string> Joined(params string[] pieces) =>
        Gen.Elements(pieces).ListOf().Select(static parts => string.Concat(parts)).ToArbitrary();
}
