using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace ProxyCluster.Configuration;

/// <summary>
/// Binds one section to one options object and collects every mistake instead of stopping at the first: unknown keys,
/// texts of the wrong type, values out of range. The platform's binder is not used because it ignores what it does not
/// know, throws at the first text it cannot convert, reads <c>10</c> as ten days and appends lists to their defaults.
/// The same walk notes each effective value and its source for <c>proxycluster config</c>, and only for it: whoever asks an
/// option for its value a second time has code made for it, and there are hundreds.
/// </summary>
/// <param name="settings">What was set.</param>
/// <param name="isNoting">Whether <see cref="Effective"/> is wanted.</param>
internal sealed class StrictBinder(Settings settings, bool isNoting = false)
{
    private readonly List<string> _mistakes = [];
    private readonly List<EffectiveSetting> _effective = [];

    /// <summary>One line each, secrets masked.</summary>
    public IReadOnlyList<string> Mistakes => _mistakes;

    /// <summary>Every option of the section, set or not, in the order of its properties.</summary>
    public IReadOnlyList<EffectiveSetting> Effective => _effective;

    /// <summary>Sets what the section sets; a wrong value leaves the default in place.</summary>
    public void Bind(string section, object target) => BindSection(settings.Configuration.GetSection(section), section, target);

    private void BindSection(IConfigurationSection section, string path, object target)
    {
        var properties = RoomOptions.Properties(target.GetType()).ToList();
        var children = section.GetChildren().ToDictionary(child => child.Key, StringComparer.OrdinalIgnoreCase);
        if (section.Value is { Length: > 0 })
            Add(section, secret: false, $"is a section: set {path}:{properties[0].Name} and the like");
        foreach (var property in properties)
        {
            children.Remove(property.Name, out var child);
            BindProperty(child, $"{path}:{property.Name}", property, target);
        }

        foreach (var setting in children.Values.SelectMany(settings.Under))
        {
            var name = setting.Key.Split(':')[path.Split(':').Length];
            var nearest = NearestName.FindOrNull(name, properties.Select(property => property.Name));
            _mistakes.Add(Configuration.Mistakes.Unknown(setting, nearest is null ? null : $"{path}:{nearest}",
                $"keys of {path}", properties.Select(property => property.Name)));
        }
    }

    private void BindProperty(IConfigurationSection? section, string path, PropertyInfo property, object target)
    {
        var type = property.PropertyType;
        if (RoomOptions.IsSection(type))
        {
            if (property.GetValue(target) is not { } nested)
            {
                if (section is null)
                    return;
                property.SetValue(target, nested = Activator.CreateInstance(type)!);
            }

            BindSection(section ?? settings.Configuration.GetSection(path), path, nested);
            return;
        }

        // What nobody set is the program's own, and a test holds that it is allowed. What checks patterns and converts bounds stays
        // unloaded that way, which is 2 MiB of an idle process.
        var isChecked = section is not null || property.IsDefined(typeof(RequiredAttribute));
        if (!isChecked && !isNoting)
            return;
        var secret = property.IsDefined(typeof(SecretAttribute));
        if (OptionValue.IsSingle(type))
        {
            var valid = section is null || TryBindSingle(section, property, target, secret);
            if (isNoting)
                Note(path, OptionValue.Format(property.GetValue(target), OptionValue.IsSize(property)), secret, valid);
            if (!valid)
                return; // one mistake per value is enough
        }
        else
        {
            BindMany(section, path, property, target, secret);
        }

        if (isChecked)
            Validate(path, property, target, secret);
    }

    private bool TryBindSingle(IConfigurationSection section, PropertyInfo property, object target, bool secret)
    {
        foreach (var below in settings.Under(section).Where(setting => !setting.Key.Equals(section.Path, StringComparison.OrdinalIgnoreCase)))
            _mistakes.Add(Configuration.Mistakes.Of(below.Key, below.Value, below.Source, secret, $"is not a key: {section.Path} takes one value"));
        if (section.Value is not { } text)
            return false;
        if (!OptionValue.TryParse(property.PropertyType, OptionValue.IsSize(property), text, out var value, out var refusal))
        {
            Add(section, secret, refusal);
            return false;
        }

        property.SetValue(target, value);
        return true;
    }

    private void BindMany(IConfigurationSection? section, string path, PropertyInfo property, object target, bool secret)
    {
        if (section is not null)
            Collections.Assign(property, target, Collections.Is(property.PropertyType, out var element)
                ? Collections.List(property.PropertyType, element, ReadItems(section, element, secret).Select(item => item.Value))
                : Collections.Dictionary(property.PropertyType, ReadItems(section, Collections.ValueType(property), secret)));
        if (!isNoting || property.GetValue(target) is not IEnumerable items)
            return;
        var none = true;
        foreach (var (key, item) in Collections.Items(items))
        {
            none = false;
            if (OptionValue.IsSingle(item.GetType()))
                Note($"{path}:{key}", OptionValue.Format(item, isSize: false), secret);
            else if (section is null)
                BindSection(settings.Configuration.GetSection($"{path}:{key}"), $"{path}:{key}", item);
        }

        if (none)
            Note(path, "", secret);
    }

    /// <summary>The section's items; a list of plain values may also be written as one text with commas.</summary>
    private IEnumerable<(string Key, object Value)> ReadItems(IConfigurationSection section, Type element, bool secret)
    {
        var texts = (section.Value ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        foreach (var text in texts)
        {
            if (OptionValue.TryParse(element, isSize: false, text, out var value, out var refusal))
                yield return ("", value!);
            else
                Add(section, secret, refusal);
        }

        foreach (var child in section.GetChildren())
        {
            if (!OptionValue.IsSingle(element))
            {
                var item = Activator.CreateInstance(element)!;
                BindSection(child, child.Path, item);
                yield return (child.Key, item);
            }
            else if (OptionValue.TryParse(element, isSize: false, child.Value ?? "", out var value, out var refusal))
            {
                yield return (child.Key, value!);
            }
            else
            {
                Add(child, secret, refusal);
            }
        }
    }

    private void Validate(string path, PropertyInfo property, object target, bool secret)
    {
        var value = property.GetValue(target);
        foreach (var attribute in property.GetCustomAttributes<ValidationAttribute>())
        {
            if (attribute.GetValidationResult(value, new ValidationContext(target) { MemberName = property.Name }) == ValidationResult.Success)
                continue;
            var setting = settings.FindOrNull(path);
            var text = setting?.Value ?? (value is IEnumerable many and not string
                ? string.Join(',', many.Cast<object>())
                : OptionValue.Format(value, OptionValue.IsSize(property)));
            _mistakes.Add(Configuration.Mistakes.Of(path, text, setting?.Source ?? EffectiveSetting.Default, secret,
                Configuration.Mistakes.Refusal(attribute, property)));
        }
    }

    private void Add(IConfigurationSection section, bool secret, string refusal)
    {
        var setting = settings.FindOrNull(section.Path) ?? new Setting(section.Path, section.Value ?? "", "configuration");
        _mistakes.Add(Configuration.Mistakes.Of(setting.Key, setting.Value, setting.Source, secret, refusal));
    }

    private void Note(string path, string value, bool secret, bool isFromSetting = true) =>
        _effective.Add(new EffectiveSetting(path, secret ? Masking.Secret(value) : Masking.Text(value),
            (isFromSetting ? settings.SourceOrNull(path) : null) ?? EffectiveSetting.Default));
}
